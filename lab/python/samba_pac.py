#!/usr/bin/python3
"""What Samba's library reads in a PAC: one line `NAME=VALUE` for each field.

usage: samba_pac.py HEX

Times are as they are on the wire; a list is a line for each of its members.
"""

import sys

from samba.dcerpc import krb5pac
from samba.ndr import ndr_unpack


def say(name, value):
    print("%s=%s" % (name, "" if value is None else value))


def memberships(name, array):
    for group in array.rids or []:
        say(name, "%d:%#x" % (group.rid, group.attributes))


def logon_info(info):
    info3 = info.info.info3
    base = info3.base
    say("logon.time", base.logon_time)
    say("logon.account", base.account_name.string)
    say("logon.full_name", base.full_name.string)
    say("logon.user", base.rid)
    say("logon.primary_group", base.primary_gid)
    memberships("logon.group", base.groups)
    say("logon.server", base.logon_server.string)
    say("logon.domain", base.logon_domain.string)
    say("logon.domain_sid", base.domain_sid)
    say("logon.user_account_control", "%#x" % base.acct_flags)
    for extra in info3.sids or []:
        say("logon.extra", "%s:%#x" % (extra.sid, extra.attributes))
    resource = info.info.resource_groups
    if resource.domain_sid is not None:
        say("logon.resource_domain", resource.domain_sid)
    memberships("logon.resource_group", resource.groups)


def logon_name(info):
    say("client.time", info.logon_time)
    say("client.name", info.account_name)


def upn_dns_info(info):
    say("names.upn", info.upn_name)
    say("names.dns_domain", info.dns_domain_name)
    say("names.constructed", info.flags & krb5pac.PAC_UPN_DNS_FLAG_CONSTRUCTED)
    if info.flags & krb5pac.PAC_UPN_DNS_FLAG_HAS_SAM_NAME_AND_SID:
        say("names.account", info.ex.samaccountname)
        say("names.sid", info.ex.objectsid)


READERS = {
    krb5pac.PAC_TYPE_LOGON_INFO: logon_info,
    krb5pac.PAC_TYPE_LOGON_NAME: logon_name,
    krb5pac.PAC_TYPE_UPN_DNS_INFO: upn_dns_info,
}


def main():
    pac = ndr_unpack(krb5pac.PAC_DATA, bytes.fromhex(sys.argv[1]))
    for buffer in pac.buffers:
        say("buffer", buffer.type)
        if buffer.type in READERS:
            READERS[buffer.type](buffer.info)


if __name__ == "__main__":
    main()
