#!/bin/sh
# Makes a virtual environment in the folder $1 with the first Python that can: $PYTHON if set, else python3, …
set -eu

incomplete=
for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))' \
        2>/dev/null) || continue
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        exec "$python" -m venv "$1"
    fi
    incomplete=$version
done

if [ -n "$incomplete" ]; then
    echo "Python $incomplete is here, but not its module for virtual environments. On Debian and Ubuntu:" >&2
    echo "    sudo apt-get install python$incomplete-venv" >&2
else
    echo "Deskhand needs Python 3.11 or newer; ${PYTHON:-python3} is missing or older. Install one, or name it:" >&2
    echo "    make up PYTHON=/path/to/python3.11" >&2
fi
exit 1
