#!/bin/sh
# The compiler for matrix.py's full mmcv: its setup.py asks for C++17, the headers of PyTorch 2.14 for C++20, and the last
# -std and -O win. Not optimised, as only whether it works is looked at, in half the time.
exec c++ "$@" -std=c++20 -O0
