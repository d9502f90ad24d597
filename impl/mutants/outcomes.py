#!/usr/bin/env python3
"""What cargo-mutants found in the wire codecs, kept as data.

    outcomes.py prepare DIR    puts the codecs alone into a new folder, a workspace that builds in seconds: there
                               `cargo mutants --in-place --shard 3/24 -o OUT` tries a part of the mutants
    outcomes.py merge OUT...   writes outcomes.json from finished runs (folders that hold mutants.out);
                               a mutant that several runs tried counts as in the last one
    outcomes.py check OUT      compares a run (CI: one shard) with what is accepted in survivors.json
    outcomes.py show           the table and the share of caught mutants; fails under 95 %

Python's standard library only. Exit codes: 0 well, 1 not, 64 wrong usage.
"""

import collections
import json
import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUTCOMES = os.path.join(HERE, "outcomes.json")
SURVIVORS = os.path.join(HERE, "survivors.json")
LEAST = 0.95
WORDS = {"CaughtMutant": "caught", "MissedMutant": "missed", "Timeout": "timeout", "Unviable": "unviable"}


def fail(why, code=1):
    print(f"outcomes.py: {why}", file=sys.stderr)
    sys.exit(code)


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as why:
        fail(f"{path}: {why}", 64)


def text(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def prepare(folder):
    """The crate with nothing but addresses and codecs. Names of mutants are as in the whole project."""
    if os.path.lexists(folder):
        fail(f"{folder}: is there already", 64)
    files = {
        # Only this crate, so only this member.
        "Cargo.toml": re.sub(r"(?m)^members = .*$", 'members = ["impl"]', re.sub(r"(?m)^default-members = .*$", "", text("Cargo.toml"))),
        "Cargo.lock": text("Cargo.lock"),
        ".cargo/mutants.toml": text(".cargo", "mutants.toml"),
        # Benches measure more than codecs.
        "impl/Cargo.toml": re.sub(r"(?ms)^\[\[bench\]\]\n.*?(?=^\[)", "", text("impl", "Cargo.toml")),
        "impl/src/lib.rs": "//! The codecs alone.\n#![cfg_attr(test, allow(clippy::cast_possible_truncation))]\n\n"
        "pub mod address;\npub mod wire;\n",
        "impl/src/address.rs": text("impl", "src", "address.rs"),
    }
    for path, content in files.items():
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
    for part in ["src/wire", "proptest-regressions/wire"]:
        shutil.copytree(os.path.join(ROOT, "impl", part), os.path.join(folder, "impl", part))


def run(folder):
    """The mutants of one run by name; a run that stopped early gives those it tried."""
    path = os.path.join(folder, "mutants.out", "outcomes.json")
    outcomes = {}
    for outcome in load(path)["outcomes"]:
        if outcome["scenario"] == "Baseline":
            if outcome["summary"] != "Success":
                fail(f"{path}: the tests fail without any mutant")
            continue
        outcomes[outcome["scenario"]["Mutant"]["name"]] = WORDS[outcome["summary"]]
    if not outcomes:
        fail(f"{path}: no mutant was tried")
    return outcomes


def place_free(name):
    """A mutant's name without line and column, which move with every edit."""
    return re.sub(r":\d+:\d+:", ":", name, count=1)


def survivors():
    """Accepted survivors: name without line and column -> reason."""
    accepted = {entry["mutant"]: entry["reason"] for entry in load(SURVIVORS)}
    for mutant, reason in accepted.items():
        if len(reason.split()) < 4:
            fail(f"survivors.json: {mutant}: `{reason}` is no reason", 64)
    return accepted


def merge(folders):
    merged = {}
    for folder in folders:
        merged.update(run(folder))
    rows = [{"mutant": name, "outcome": merged[name]} for name in sorted(merged)]
    part = OUTCOMES + ".part"
    with open(part, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    os.replace(part, OUTCOMES)
    show()


def table(outcomes):
    """Prints counts per file; gives caught and viable."""
    files = collections.defaultdict(collections.Counter)
    for name, outcome in outcomes.items():
        files[name.split(":")[0]][outcome] += 1
        files["all"][outcome] += 1
    print(f"{'file':<48}{'caught':>8}{'timeout':>9}{'missed':>8}{'unviable':>10}")
    for file in sorted(files, key=lambda file: (file == "all", file)):
        count = files[file]
        print(f"{file:<48}{count['caught']:>8}{count['timeout']:>9}{count['missed']:>8}{count['unviable']:>10}")
    count = files["all"]
    # A mutant that never ends is noticed as surely as one that fails.
    return count["caught"] + count["timeout"], count["caught"] + count["timeout"] + count["missed"]


def missed_without_reason(outcomes):
    accepted = survivors()
    return [name for name, outcome in sorted(outcomes.items()) if outcome == "missed" and place_free(name) not in accepted]


def show():
    outcomes = {row["mutant"]: row["outcome"] for row in load(OUTCOMES)}
    caught, viable = table(outcomes)
    print(f"caught {caught} of {viable} viable mutants: {100 * caught / viable:.1f} %")
    accepted = survivors()
    for name, outcome in sorted(outcomes.items()):
        if outcome == "missed":
            print(f"survivor {name}\n         {accepted.get(place_free(name), 'NO REASON GIVEN')}")
    bad = missed_without_reason(outcomes)
    if bad:
        fail(f"{len(bad)} survivors without a reason in survivors.json")
    if caught < LEAST * viable:
        fail(f"under {100 * LEAST:.0f} %")


def check(folder):
    outcomes = run(folder)
    caught, viable = table(outcomes)
    bad = missed_without_reason(outcomes)
    for name in bad:
        print(f"NEW SURVIVOR {name}")
    print(f"{caught} passed, {len(bad)} failed")
    if bad:
        fail("write a test that notices them, or give a reason in impl/mutants/survivors.json")
    if viable == 0:
        fail("no viable mutant was tried")


def main(arguments):
    match arguments:
        case ["prepare", folder]:
            prepare(folder)
        case ["merge", first, *rest]:
            merge([first, *rest])
        case ["check", folder]:
            check(folder)
        case ["show"]:
            show()
        case ["-h" | "--help"]:
            print(__doc__)
        case _:
            print(__doc__, file=sys.stderr)
            sys.exit(64)


main(sys.argv[1:])
