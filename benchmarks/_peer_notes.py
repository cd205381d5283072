"""The notes' optimizer experiment as their own script runs it: a PyTorch DataLoader.

Images come as one tensor that is scaled already; the notes' script reads and scales
them one by one, which takes longer.
"""

import _peer_works as works
from _peer_worker import Contestant, serve


def build(work: works.Work) -> Contestant:
    import torch
    from _peer_torch_models import count, mlp
    from torch import nn, optim
    from torch.utils.data import DataLoader, TensorDataset

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x, y = (torch.from_numpy(array) for array in works.arrays(work))
    loader = DataLoader(TensorDataset(x, y.long()), batch_size=work.batch, shuffle=True)
    optimizers = {
        "SGD": lambda weights: optim.SGD(weights, lr=0.01),
        "Adam": lambda weights: optim.Adam(weights, lr=0.001),
        "RMSprop": lambda weights: optim.RMSprop(weights, lr=0.001),
        "AdaGrad": lambda weights: optim.Adagrad(weights, lr=0.01),
    }

    def run(make_optimizer):
        model, criterion = mlp().to(device), nn.CrossEntropyLoss()
        optimizer = make_optimizer(model.parameters())
        for _ in range(work.epochs):
            running = 0.0
            for images, labels in loader:
                images, labels = images.to(device), labels.to(device)
                optimizer.zero_grad()
                loss = criterion(model(images), labels)
                loss.backward()
                optimizer.step()
                running += loss.item()
        return running / len(loader)

    def train(seed):
        torch.manual_seed(seed)
        return sum(map(run, optimizers.values())) / len(optimizers)

    about = {"parameters": count(mlp()), "detail": "DataLoader"}
    return Contestant(train, lambda: about)


if __name__ == "__main__":
    serve("torch", build)
