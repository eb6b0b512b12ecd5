print("translate-cli")
