"""Runs checks on the backend of KERAS_BACKEND; prints a line of JSON for each."""

import importlib
import json
import os
import sys
import time
import traceback
import warnings

from recipes.lab.training import quiet

MODULES = ("checks_norms", "checks_clipping", "checks_weights")


def main(wanted):
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        import tensorflow as tf

        # Two devices, which must be made before the first one is used.
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * 2,
        )
    quiet.load_backend()
    from tests.callbacks.helpers import SkipError

    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message=".*__array__ implementation.*")
    for name in MODULES:
        module = importlib.import_module(f"tests.callbacks.{name}")
        for key, check in vars(module).items():
            if not key.startswith("check_") or (wanted and key not in wanted):
                continue
            start, outcome, detail = time.perf_counter(), "passed", ""
            try:
                check()
            except SkipError as reason:
                outcome, detail = "skipped", str(reason)
            except BaseException:
                outcome, detail = "failed", traceback.format_exc()
            seconds = round(time.perf_counter() - start, 2)
            print(
                "CHECK "
                + json.dumps(
                    {
                        "check": key,
                        "outcome": outcome,
                        "detail": detail,
                        "seconds": seconds,
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main(set(sys.argv[1:]))
