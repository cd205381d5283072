"""XLA compiles a function of TensorFlow in a thread, while another one trains."""

import logging
import threading
from collections.abc import Callable
from typing import Any


def compile_beside(function: Any, arguments: tuple) -> Callable[[], None]:
    """Traces a function here and compiles it in a thread.

    XLA compiles a function in its first call. That call is made here with variables
    of the same shapes in place of the function's own, which may be trained meanwhile:
    it must not read or write those. What is compiled serves all variables of these
    shapes, so bits don't depend on whether this was done. Where the variables can't
    be replaced, nothing is compiled.

    Args:
        function: A `tf.function` with `jit_compile=True`.
        arguments: Of a call that does little.

    Returns:
        A function that waits until the thread has ended: call it before `function`.
    """
    concrete = function.get_concrete_function(*arguments)
    own = list(concrete.captured_inputs)
    others = _replaced(own, concrete.variables)
    if others is None:
        return lambda: None

    def compile_it():
        try:
            concrete.set_external_captures([capture for capture, _ in others])
            concrete(*arguments)
        except Exception as error:  # the first real call meets it again, and says so
            logging.getLogger("recipes").info("nothing is compiled ahead: %s", error)
        finally:
            concrete.set_external_captures(own)

    thread = threading.Thread(target=compile_it, name="XLA compiles")
    thread.start()
    return thread.join


def _replaced(captures: list, variables: Any) -> list[tuple[Any, Any]] | None:
    """Each capture and what keeps it alive; variables give way to new ones.

    Returns:
        None where a capture holds a state that is no variable's.
    """
    import tensorflow as tf

    handles = {id(variable.handle): variable for variable in variables}
    found = []
    for capture in captures:
        variable = handles.get(id(capture))
        if variable is not None:
            new = tf.Variable(tf.zeros(variable.shape, variable.dtype))
            found.append((new.handle, new))
        elif capture.dtype in (tf.resource, tf.variant):
            return None
        else:
            found.append((capture, None))
    return found
