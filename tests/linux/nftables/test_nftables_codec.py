"""A transaction of nf_tables as bytes: its frame, its numbers, and who is asked for an answer."""

from failover.linux.netlink.codec import Payload, frames
from failover.linux.nftables import codec, expressions
from failover.linux.nftables.codec import Hook, Table, TableFamily

TABLE = Table(TableFamily.INET, "failover-7")


def test_a_transaction_is_framed_and_numbered_and_its_last_request_is_acknowledged() -> None:
    requests = [codec.new_table(TABLE), codec.new_chain(TABLE, "input", Hook.INPUT, 0)]
    content = codec.transaction(requests)
    found = [one for one in frames(content) if isinstance(one, Payload)]
    assert [one.kind for one in found] == [0x10, 0xA00, 0xA03, 0x11]
    assert [one.sequence for one in found] == [0, 1, 2, 3]
    assert content[6:8] == b"\1\0"
    lengths = [20, len(requests[0]), len(requests[1]), 20]
    starts = [sum(lengths[:place]) for place in range(4)]
    asked = [content[start + 6] & 0x4 for start in starts]
    assert asked == [0, 0, 0x4, 0]
    assert len(content) == sum(lengths)


def test_a_table_is_its_makers() -> None:
    body = next(frames(codec.new_table(TABLE)))
    assert isinstance(body, Payload)
    assert body.body == bytes.fromhex("010000000f000100") + b"failover-7\0\0" + bytes.fromhex("0800020000000002")


def test_a_rule_drops_what_goes_to_an_element_of_a_set() -> None:
    rule = expressions.destination_in("ipv4", 16, 4) + expressions.drop()
    assert rule.count(b"payload\0") == rule.count(b"lookup\0") == rule.count(b"immediate\0") == 1
    body = next(frames(codec.new_rule(TABLE, "input", rule)))
    assert isinstance(body, Payload)
    assert rule in body.body


def test_no_elements_need_no_request() -> None:
    assert codec.add_elements(TABLE, "ipv4", []) == codec.delete_elements(TABLE, "ipv4", []) == []
    assert len(codec.add_elements(TABLE, "ipv4", [bytes(4)] * 1001)) == 2
