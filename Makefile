# Forwards to make.py, which does the work and runs without make too (`python make.py help`).
# Variables given on the command line reach it as environment variables: VENV, PYTHON, TORCH, VIDEO, POSE2D, QUICK, TRAIN.
.PHONY: help env test lint docs format demo clean

help env test lint docs format demo clean:
	@$(or $(PYTHON),python3) make.py $@
