"""The Internet checksum, against RFC 1071's own example, the definition, and scapy."""

from hypothesis import assume, example, given
from hypothesis import strategies as st
from scapy.layers.inet import IP, in4_chksum
from scapy.layers.inet6 import IPv6, in6_chksum
from scapy.utils import checksum as scapy_checksum

from failover.vrrp import Address
from failover.vrrp.packet.checksum import checksum, ones_complement_sum, pseudo_header, verifies
from tests.rfc.marks import negative, positive

payloads = st.binary(max_size=64)


def test_the_example_of_rfc_1071_sums_as_it_says() -> None:
    assert ones_complement_sum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2


@given(payloads)
@example(b"")
@example(b"\xff")
@example(b"\xff\xff" * 40_000)  # carries twice
def test_the_sum_is_the_big_endian_words_modulo_65535(data: bytes) -> None:
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[i : i + 2]) for i in range(0, len(padded), 2))
    assert ones_complement_sum(data) % 0xFFFF == total % 0xFFFF
    assert (ones_complement_sum(data) == 0) == (total == 0)


@positive("R-021")
@given(payloads)
def test_scapy_computes_the_same(data: bytes) -> None:
    assert checksum(data) == scapy_checksum(data)


@positive("R-022")
@given(payloads, st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_scapy_computes_the_same_over_an_ipv4_pseudo_header(data: bytes, source: Address, destination: Address) -> None:
    header = IP(src=str(source), dst=str(destination))
    ours = checksum(data, pseudo_header(source, destination, len(data)))
    assert ours == in4_chksum(112, header, data)


@positive("R-023")
@given(payloads, st.ip_addresses(v=6), st.ip_addresses(v=6))
def test_scapy_computes_the_same_over_an_ipv6_pseudo_header(data: bytes, source: Address, destination: Address) -> None:
    header = IPv6(src=str(source), dst=str(destination))
    ours = checksum(data, pseudo_header(source, destination, len(data)))
    assert ours == in6_chksum(112, header, data)


messages = st.binary(min_size=8, max_size=64).map(lambda data: data[:6] + b"\0\0" + data[8:])


@positive("R-021")
@given(messages, st.sampled_from([b"", b"\x01\x02\x03\x04"]))
def test_a_message_with_its_checksum_verifies(message: bytes, pseudo: bytes) -> None:
    assume(any(pseudo + message))
    assert verifies(message[:6] + checksum(message, pseudo).to_bytes(2) + message[8:], pseudo)


@negative("R-021")
@given(messages, st.integers(1, 0xFFFE))
def test_any_other_checksum_does_not_verify(message: bytes, error: int) -> None:
    assume(any(message))
    wrong = (checksum(message) + error) % 0xFFFF
    assert not verifies(message[:6] + wrong.to_bytes(2) + message[8:])
