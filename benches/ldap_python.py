"""A paged read with python-ldap: uri, DN, password, base, filter, page size, attributes."""

import sys

import ldap
from ldap.controls import SimplePagedResultsControl

uri, name, password, base, where, size, *attributes = sys.argv[1:]
connection = ldap.initialize(uri)
connection.simple_bind_s(name, password)
page = SimplePagedResultsControl(True, size=int(size), cookie="")
entries = 0
while True:
    number = connection.search_ext(base, ldap.SCOPE_SUBTREE, where, attributes, serverctrls=[page])
    _, found, _, controls = connection.result3(number)
    entries += sum(1 for dn, _ in found if dn)
    cookies = [control.cookie for control in controls if control.controlType == page.controlType]
    if not cookies or not cookies[0]:
        break
    page.cookie = cookies[0]
print(f"entries: {entries}")
