"""What is read out of a profile."""

import pytest

from benchmarks.samples import OTHER, PARTS, Sample, parse, part_of, peaks, shares

SCRIPT = """\
    ffffffff81a00123 do_syscall_64 ([kernel.kallsyms])
          5566f0 _PyEval_EvalFrameDefault (/usr/bin/python3.11)
          5566f8 _PyEval_EvalFrameDefault (/usr/bin/python3.11)

          6012c0 [unknown] (/usr/bin/python3.11)
"""


def at(function: str = "f", part: str = OTHER) -> Sample:
    return Sample(function, part)


def test_each_line_is_a_sample() -> None:
    kernel, first, second, unknown = parse(SCRIPT)
    assert kernel == Sample("do_syscall_64", "kernel")
    assert first.function == second.function == "_PyEval_EvalFrameDefault"
    assert unknown == Sample("[unknown]", "Python interpreter")


@pytest.mark.parametrize(
    ("image", "part"),
    [
        ("[kernel.kallsyms]", "kernel"),
        ("[guest.kernel.kallsyms]", "kernel"),
        ("/lib/modules/6.1.0/kernel/drivers/net/veth.ko", "kernel"),
        ("/usr/bin/python3.11", "Python interpreter"),
        ("/usr/lib/python3.11/lib-dynload/_struct.cpython-311-x86_64-linux-gnu.so", "Python interpreter"),
        ("/usr/lib/python3.11/lib-dynload/_ctypes.cpython-311-x86_64-linux-gnu.so", "ctypes"),
        ("/usr/lib/x86_64-linux-gnu/libffi.so.8.1.2", "ctypes"),
        ("/usr/lib/x86_64-linux-gnu/libc.so.6", "C library"),
        ("[vdso]", "C library"),
        ("/usr/sbin/keepalived", OTHER),
        ("[unknown]", OTHER),
    ],
)
def test_the_file_says_whose_code_it_is(image: str, part: str) -> None:
    assert part_of(image) == part


def test_shares_are_of_all_samples() -> None:
    found = shares([at(part="kernel"), at(part="kernel"), at(), at(part="ctypes")])
    assert tuple(found) == PARTS
    assert found["kernel"] == 0.5
    assert found["ctypes"] == found[OTHER] == 0.25
    assert found["C library"] == 0


def test_code_without_a_name_is_no_peak() -> None:
    samples = [at("[unknown]")] * 5 + [at("one")] * 3 + [at("two")] * 2
    assert peaks(samples, 2) == [("one", 0.3), ("two", 0.2)]
