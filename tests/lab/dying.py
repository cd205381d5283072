"""A callback with which a training dies, for tests of what is kept of it."""

import keras


class Dies(keras.callbacks.Callback):
    """Raises when epoch `at` begins; it has no state of its own to keep."""

    at: int | None = None

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.at:
            raise KeyboardInterrupt

    def get_state(self):
        return None

    def set_state(self, state):
        pass
