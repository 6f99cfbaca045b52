#!/bin/sh
# The compiler for matrix.py's full mmcv: its setup.py asks for C++17, the headers of PyTorch 2.14 for C++20, and the last
# of each option wins. Neither optimised nor with what a debugger needs, as only whether it works is looked at: half the
# time of a file (nms.cpp 13 s of a processor in place of 28).
exec c++ "$@" -std=c++20 -O0 -g0
