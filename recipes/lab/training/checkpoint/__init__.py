"""Exact resume: a training that died goes on, and ends with the same bits.

Who calls whom:

    fit ── Keeper (keeper): opens the folder, refuses what can't be exact
      ├─ fingerprint   what the numbers depend on; `described` and `machine` help
      ├─ folder        two generations of files, a lock; `tensors` writes and reads
      └─ model.fit(callbacks=ResumableCallbacks)
           ├─ train begins    state.restore: variables, callbacks, random states
           ├─ epoch begins    the steps that were done are passed over
           └─ batch or epoch ends, and `interval` says so: state.gather, folder.save

`variables` knows which numbers a model holds, `held` what its parts hold beside those
that Keras lists, `unkept` (with `functions`) what can't be kept and must not change,
`random_states` where chance is kept, `callbacks` what each callback remembers,
`packing` how plain data becomes JSON.
"""
