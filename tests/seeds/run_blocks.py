#!/usr/bin/env python3
"""Runs the code blocks of the seed documents under Gen and under CPython 3.11, and compares everything they print.

    run_blocks.py --gen PROGRAM [--seeds FOLDER] [--python PYTHON] [--verbose] [BLOCK...]

blocks.txt says for each block, named DOCUMENT/NUMBER, what it is and what it needs to run. Output, tracebacks and exit
status are compared; addresses, names of temporary folders and the script's path are not. Exit status 77: nothing to run.
"""
import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
TIME_LIMIT = 30


def blocks_of(text):
    """The fenced blocks of a document; and, in one that has none, the indented blocks after `::`."""
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    if fenced:
        return fenced
    found = re.findall(r"::\n\s*\n((?:[ ]+[^\n]*\n|\s*\n)+)", text)
    return [re.sub(r"(?m)^ {%d}" % min(len(line) - len(line.lstrip()) for line in block.splitlines() if line.strip()), "", block).rstrip() + "\n"
            for block in found]


def read_seeds(folder):
    blocks = {}
    for path in sorted(folder.glob("*.txt")):
        for number, block in enumerate(blocks_of(path.read_text()), start=1):
            blocks[f"{path.name[:3]}/{number}"] = block
    return blocks


def read_table(path):
    """blocks.txt, whose head describes its lines, as {block: {key: text}}."""
    table = {}
    for line in path.read_text().splitlines():
        if match := re.match(r"\[(\S+)\] (.*)", line):
            entry = table[match[1]] = {"is": match[2], "before": "", "after": ""}
        elif match := re.match(r"(before|after)\| (.*)", line):
            entry[match[1]] += match[2] + "\n"
        elif match := re.match(r"(needs|skip): (.*)", line):
            entry[match[1]] = match[2]
        elif line and not line.startswith("#"):
            raise SystemExit(f"{path}: what is {line!r}?")
    return table


def program_of(name, table, blocks):
    """Predecessors, what comes before, the block."""
    entry = table[name]
    predecessors = "".join(program_of(needed, table, blocks) for needed in entry.get("needs", "").split())
    block = blocks[name]
    if entry["before"].rstrip().endswith(":"):
        block = re.sub(r"(?m)^(?=.)", " " * 8, block)
    return predecessors + entry["before"] + block


def run(command, source, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"block{suffix}"
        path.write_text(source)
        try:
            done = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=TIME_LIMIT, cwd=folder, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return "", "", f"no end within {TIME_LIMIT} s"
        out, err = (normalised(text, path) for text in (done.stdout, done.stderr))
        return out, err, done.returncode


def normalised(text, path):
    text = text.replace(str(path), "block")
    text = re.sub(r"0x[0-9a-fA-F]+", "0x...", text)
    return re.sub(re.escape(tempfile.gettempdir()) + r"/\w+", "TEMPORARY", text)


def without_slip_warning(err):
    """Gen's warning of `n =- 1`, which CPython doesn't give: taken out, and whether it was there."""
    lines = err.splitlines(keepends=True)
    if lines and "SyntaxWarning" in lines[0] and "-=" in lines[0]:
        return "".join(lines[2:]), True
    return err, False


def check(name, entry, source, arguments):
    expected = run([arguments.python], source, ".py")
    out, err, status = run([arguments.gen], source, ".gen")
    err, warned = without_slip_warning(err)
    problems = []
    if warned != ("=- 1" in source):
        problems.append("the warning for `=- 1` is " + ("there" if warned else "missing"))
    for what, wanted, got in (("stdout", expected[0], out), ("stderr", expected[1], err)):
        if wanted != got:
            problems.append(f"{what} differs:\n" + "".join(difflib.unified_diff(wanted.splitlines(True), got.splitlines(True), "CPython", "Gen")))
    if expected[2] != status:
        problems.append(f"exit status is {status}, under CPython {expected[2]}")
    if problems:
        print(f"FAILED {name}: {entry['is']}\n" + "\n".join(problems))
        print("--- the program\n" + source + "---")
    elif arguments.verbose:
        print(f"ok     {name}: {entry['is']}")
    return not problems


def is_python_3_11(python):
    try:
        return "Python 3.11" in subprocess.run([python, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gen", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--seeds", type=pathlib.Path, default=HERE.parents[2] / "shared" / "seeds")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--show", action="store_true", help="print the programs instead of running them")
    parser.add_argument("blocks", nargs="*")
    arguments = parser.parse_args()
    arguments.gen = str(pathlib.Path(arguments.gen).resolve()) if "/" in arguments.gen else arguments.gen
    if not arguments.seeds.is_dir():
        print(f"skipped: no seeds at {arguments.seeds}")
        return SKIPPED
    if not is_python_3_11(arguments.python):
        print(f"skipped: {arguments.python} is no Python 3.11")
        return SKIPPED

    blocks = read_seeds(arguments.seeds)
    table = read_table(HERE / "blocks.txt")
    missing = sorted(set(blocks) ^ set(table))
    if missing:
        print("blocks.txt and the seeds disagree about:", *missing)
        return 1

    passed = failed = skipped = 0
    for name in arguments.blocks or blocks:
        entry = table[name]
        if "skip" in entry:
            skipped += 1
            if arguments.verbose:
                print(f"skip   {name}: {entry['is']}, no program but {entry['skip']}")
            continue
        source = program_of(name, table, blocks) + entry["after"]
        if arguments.show:
            print(f"=== {name}: {entry['is']}\n{source}")
        elif check(name, entry, source, arguments):
            passed += 1
        else:
            failed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


sys.exit(main())
