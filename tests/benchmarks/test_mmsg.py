"""Datagrams that leave together arrive each as it was."""

import socket

from benchmarks.mmsg import Batch


def test_datagrams_of_different_lengths_arrive_in_order() -> None:
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    datagrams = [b"one", b"three", b"a somewhat longer one"]
    with sender, receiver:
        assert Batch(datagrams).send(sender, 3) == 3
        assert [receiver.recv(100) for _ in datagrams] == datagrams


def test_the_first_few_can_be_sent_alone_and_again() -> None:
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with sender, receiver:
        batch = Batch([b"one", b"two"])
        assert batch.send(sender, 1) + batch.send(sender, 2) == 3
        assert [receiver.recv(100) for _ in range(3)] == [b"one", b"one", b"two"]
