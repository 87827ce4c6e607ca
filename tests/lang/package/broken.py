before = 1
raise ValueError("this module does not load")
