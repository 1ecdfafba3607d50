"""The examples of docs/library.md run and do what they say."""

import re
import subprocess
import sys
import textwrap

import pytest

from failover.lab.network.lan import Lan
from tests.docs.generated import README

EXAMPLES = re.findall(r"```python\n(.*?)```", (README.parent / "docs" / "library.md").read_text(), re.DOTALL)


def test_two_routers_elect_a_master_in_memory(capsys: pytest.CaptureFixture[str]) -> None:
    example = EXAMPLES[1]
    exec(compile(example, "docs/library.md", "exec"), {})  # noqa: S102 - our own documentation
    (printed,) = re.findall(r"^# (\{.*\})$", example, re.MULTILINE)
    assert capsys.readouterr().out.strip() == printed


@pytest.mark.root
def test_the_asyncio_example_holds_the_address_while_it_runs() -> None:
    with Lan() as lan:
        host = lan.host("library", "192.168.100.1/24")
        watching = textwrap.dedent("""
            import os, signal, subprocess
            print_ = print
            def print(*words):
                print_(*words, flush=True)
                if "'current': 'MASTER'" in str(words):
                    print_(subprocess.run(["ip", "-br", "address"], capture_output=True, text=True).stdout, flush=True)
                    os.kill(os.getpid(), signal.SIGTERM)
        """)
        done = host.run([sys.executable, "-c", watching + EXAMPLES[0]])
        assert "192.168.100.100/24" in done.stdout
        assert "INITIALIZE" in done.stdout.splitlines()[-1]
        after = host.run(["ip", "-br", "address"])
        assert "192.168.100.100/24" not in after.stdout
        assert isinstance(done, subprocess.CompletedProcess)
