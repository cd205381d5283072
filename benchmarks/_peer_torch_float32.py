"""PyTorch by hand, in float32 only: what a comparison in one precision is with."""

from _peer_torch import main

if __name__ == "__main__":
    main(precisions=(False,))
