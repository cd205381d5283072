"""One training over several devices or processes.

`spread.py` finds out over which devices a model trains and refuses what Keras would do
wrong; `batches.py` looks whether they can share the batches; `agreement.py` compares
what the processes were given, over `store.py`, before they train; `rank_callbacks.py`
says which callbacks act on the first process only.
"""
