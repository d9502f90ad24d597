#!/usr/bin/env python3
"""Compares the handshake in Promela, run by Spin, with the one in Rust, run by our search.

    model/spin/compare.py target/debug/examples/handshake

Equal are: reachable states and transitions (partial order reduction off), the verdict on each property, and the length
of a shortest counterexample (Spin searching breadth first). Besides, one liveness property that Spin alone can judge: both
servers come to Update Cache if every timer and every delivery that stays possible happens at last, and not without
that. Every number is printed by one of the two programs. Exit code 1 if they differ.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TWIN = HERE / "handshake.pml"
PROPERTIES = ["complete", "in-step"]
CASES = [
    {"losses": 0},
    {"losses": 2},
    {"losses": 5, "summaries": 3},
    {"losses": 2, "numbers": 3},
    {"losses": 0, "summaries": 1, "numbers": 2, "reorder": 1},
    {"losses": 2, "fault": 1},
]


def run(command, where):
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=300)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def spin(case, flags, options, **more):
    """Builds a verifier and runs it."""
    defines = [f"-D{name.upper()}={value}" for name, value in (case | more).items()]
    with tempfile.TemporaryDirectory() as where:
        run(["spin", *defines, "-a", TWIN], where)
        run(["gcc", "-w", "-O1", "-DNOREDUCE", *flags, "-o", "pan", "pan.c"], where)
        text = run(["./pan", "-m1000000", *options], where)
        # One line a step, `depth:process:transition`; other lines say where a cycle begins and the like.
        trails = [trail.read_text() for trail in pathlib.Path(where).glob("*.trail")]
    steps = sum(bool(re.match(r"\d+:\d+:\d+$", line)) for trail in trails for line in trail.splitlines())
    if "max search depth too small" in text:
        sys.exit(f"the search was cut short:\n{text}")
    return text, steps


def number(pattern, text):
    found = re.search(pattern, text)
    if not found:
        sys.exit(f"Spin did not say `{pattern}`:\n{text}")
    return int(found.group(1))


def theirs(case):
    text, _ = spin(case, ["-DSAFETY"], [])
    facts = {
        "states": str(number(r"(\d+) states, stored", text)),
        "transitions": str(number(r"(\d+) transitions", text)),
    }
    for place, name in enumerate(PROPERTIES, 1):
        text, steps = spin(case, ["-DSAFETY", "-DBFS"], [], property=place)
        failed = number(r"errors: (\d+)", text) > 0
        facts[name] = f"fails {steps}" if failed else "holds"
    return facts


def ours(program, case):
    words = [f"{name}={value}" for name, value in case.items()]
    lines = run([program, *words], HERE).splitlines()
    return dict(line.split(" ", 1) for line in lines)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = pathlib.Path(sys.argv[1]).resolve()
    wrong = 0
    fails = holds = 0
    for case in CASES:
        spins, rusts = theirs(case), ours(program, case)
        shown = " ".join(f"{name}={value}" for name, value in case.items())
        same = spins == rusts
        wrong += not same
        fails += sum(fact.startswith("fails") for fact in rusts.values())
        holds += sum(fact == "holds" for fact in rusts.values())
        print(f"{shown}: {'equal' if same else 'DIFFERENT'}: {rusts}" + ("" if same else f", Spin: {spins}"), flush=True)
    if not (fails and holds):
        print("the cases have no failing or no holding property: nothing is compared")
        wrong += 1
    # The comparison itself must be able to fail.
    if theirs({"losses": 2}) == ours(program, {"losses": 2, "fault": 1}):
        print("a fault planted on one side makes no difference")
        wrong += 1
    for options, wanted in ([], 1), (["-f"], 0):
        text, _ = spin({"losses": 2}, ["-DNFAIR=3"], ["-a", *options], ltl=1)
        found = number(r"errors: (\d+)", text)
        fair = "weakly fair" if options else "without fairness"
        print(f"<> both in Update Cache, {fair}: {'fails' if found else 'holds'}", flush=True)
        wrong += (found > 0) != (wanted > 0)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
