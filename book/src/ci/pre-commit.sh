#!/bin/sh
# .git/hooks/pre-commit: fails when the committed map does not say what the code says.
exec statemap check --quiet
