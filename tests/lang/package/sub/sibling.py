name = __name__.rpartition(".")[2]
