#!/bin/sh
# What the command line says to wrong options, and what it makes of right ones: options.sh GEN
gen="$1"
place="$(mktemp -d)"
trap 'rm -r "$place"' EXIT
cd "$place" || exit 2
printf 'import sys\nprint(sys.argv[1:])\n' > program.gen
cp program.gen -- -odd.gen
failures=0

# expect STATUS FIRST-LINE ARGUMENT...
expect() {
    status="$1" line="$2"
    shift 2
    said="$("$gen" "$@" 2>&1 </dev/null)"
    got=$?
    first="$(printf '%s\n' "$said" | head -n 1)"
    if [ "$got" != "$status" ] || [ "$first" != "$line" ]; then
        echo "gen $*: $got, $first (not $status, $line)"
        failures=$((failures + 1))
    fi
}

expect 0 "['a', '-c', '--help']" program.gen a -c --help
expect 0 "['a']" -- program.gen a
expect 0 "['--help']" -- -odd.gen --help
expect 0 "['x']" -uB -E -q program.gen x
expect 0 "1" -Sc 'print(1)'
expect 0 "1" '-cprint(1)'
expect 1 "Traceback (most recent call last):" -W error -c 'import warnings; warnings.warn("w")'
expect 0 "" -Wignore -c 'import warnings; warnings.warn("w")'
expect 0 "3" -W error::DeprecationWarning -Wdefault:quiet -W all::UserWarning:__main__:3 -c 'import sys; print(len(sys.warnoptions))'
expect 0 "Invalid -W option ignored: invalid action: 'zork'" -W zork -c 'import warnings'
expect 2 "gen: argument expected for the -W option" -W
expect 0 "[]" --max-memory=64M --max-stack 1M --max-steps 1G --seed 0 --virtual-time program.gen
expect 2 "gen: argument expected for the -c option" -c
expect 2 "gen: argument expected for the -m option" -um
expect 2 "gen: unknown option --foo" --foo program.gen
expect 2 "gen: unknown option --foo=1" --foo=1 program.gen
expect 2 "gen: unknown option -Z" -uZ program.gen
expect 2 "gen: --help takes no value" --help=3
expect 2 "gen: --virtual-time takes no value" --virtual-time=5 program.gen
expect 2 "gen: --max-memory needs a number (64, 64K, 64M, 1G)" --max-memory
expect 2 "gen: --max-stack needs a number (64, 64K, 64M, 1G)" --max-stack=1x program.gen
expect 2 "gen: --max-steps needs a number (64, 64K, 64M, 1G)" --max-steps -5 program.gen
expect 2 "gen: --max-memory needs a number (64, 64K, 64M, 1G)" --max-memory 99999999999G program.gen
expect 2 "gen: --seed needs a number from 0 to 18446744073709551615" --seed 99999999999999999999 program.gen
expect 2 "gen: --seed needs a number from 0 to 18446744073709551615" --seed
expect 2 "gen: --trace needs the name of a file to write" --trace= program.gen
expect 2 "gen: --tokens, --ast and --dis show a file, -c CODE or standard input" --dis -m os
expect 2 "gen: can't open file 'no.gen': [Errno 2] No such file or directory" no.gen
expect 2 "gen: can't open file 'no.gen': [Errno 2] No such file or directory" --ast no.gen
expect 2 "gen: can't write '/no/o.svg': [Errno 2] No such file or directory" --timeline /no/o.svg program.gen
expect 1 "gen: No module named no_such" -m no_such

# A program is not taken for the file that a drawing goes to.
expect 2 "gen: --timeline would write over the program program.gen" --timeline program.gen
expect 2 "gen: --trace would write over the program program.gen" --trace program.gen
expect 0 "['o.svg']" program.gen o.svg
cmp -s program.gen -- -odd.gen || { echo "program.gen has changed"; failures=1; }
[ "$failures" = 0 ]
