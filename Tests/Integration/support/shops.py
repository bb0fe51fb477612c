"""Shops that no other test uses."""

SHOP_COUNT = 400


class Shop:
    """A shop with an admin, a member, and a user who is neither."""

    def __init__(self, server, number):
        self.server = server
        self.id = f"shop-{number}"
        self.admin = f"ada-{number}"
        self.member = f"grace-{number}"
        self.outsider = f"mallory-{number}"

    def post(self, text, user=None, **more):
        return self.server.post(self.id, user or self.admin, text, **more)

    def list(self, user=None, **query):
        return self.server.list(self.id, user or self.admin, **query)

    @property
    def memberships(self):
        return [(self.id, self.admin, "admin"), (self.id, self.member, "member")]


def shops_of(server, count):
    return [Shop(server, number) for number in range(count)]
