kind = "py only"
