"""MIT's GSS library: Kerberos and SPNEGO; NTLM by the plug-in gss-ntlmssp."""

import gssapi
from gssapi import raw

MECHANISMS = {
    "krb5": gssapi.OID.from_int_seq("1.2.840.113554.1.2.2"),
    "ntlm": gssapi.OID.from_int_seq("1.3.6.1.4.1.311.2.2.10"),
    "spnego": gssapi.OID.from_int_seq("1.3.6.1.5.5.2"),
}
# GSS_C_INQ_SSPI_SESSION_KEY
SESSION_KEY = gssapi.OID.from_int_seq("1.2.840.113554.1.2.2.5.5")

# Asked for, it does nothing; without any flag, python3-gssapi asks for some of its own.
NO_FLAGS = gssapi.RequirementFlag.transferable

# An error is raised with its token, not kept for the call that comes next.
gssapi.SecurityContext.__DEFER_STEP_ERRORS__ = False


def credentials(options):
    """Those of the options, for the mechanism alone."""
    mechanisms = [MECHANISMS[options.mechanism]]
    if options.role == "accept":
        creds = gssapi.Credentials(usage="accept", mechs=mechanisms)
    elif options.ccache:
        creds = gssapi.Credentials(usage="initiate", mechs=mechanisms,
                                   store={"ccache": options.ccache})
    else:
        name = gssapi.Name(options.name, gssapi.NameType.user)
        creds = raw.acquire_cred_with_password(name, options.password.encode(), usage="initiate",
                                               mechs=mechanisms).creds
    if options.offer:
        raw.set_neg_mechs(creds, [MECHANISMS[name] for name in options.offer])
    return gssapi.Credentials(creds)


class Peer:
    def __init__(self, options):
        bindings = None
        if options.bindings is not None:
            bindings = raw.ChannelBindings(application_data=options.bindings)
        arguments = {"creds": credentials(options), "usage": options.role,
                     "channel_bindings": bindings}
        if options.role == "initiate":
            arguments["name"] = gssapi.Name(options.service.replace("/", "@", 1),
                                            gssapi.NameType.hostbased_service)
            arguments["mech"] = MECHANISMS[options.mechanism]
            arguments["flags"] = options.flags or NO_FLAGS
        self.context = gssapi.SecurityContext(**arguments)

    def step(self, token):
        token = self.context.step(token or None) or b""
        return [self.context.complete, token]

    def wrap(self, message, sealed):
        return self.context.wrap(message, sealed).message

    def unwrap(self, token):
        unwrapped = self.context.unwrap(token)
        return [unwrapped.encrypted, unwrapped.message]

    def mic(self, message):
        return self.context.get_signature(message)

    def verify(self, message, mic):
        self.context.verify_signature(message, mic)

    def about(self):
        context = self.context
        delegated = context.delegated_creds
        # Asked for the target by an acceptor, gss-ntlmssp 1.2.0 crashes; its names end with a NUL.
        knows_target = context.usage == "initiate" or context.mech != MECHANISMS["ntlm"]
        target = str(context.target_name or "") if knows_target else ""
        key = raw.inquire_sec_context_by_oid(context, SESSION_KEY)[0]
        return [str(context.initiator_name).rstrip("\0"), target.rstrip("\0"),
                context.mech.dotted_form, str(int(context.actual_flags)),
                str(delegated.name) if delegated else "", key]

    def pac(self):
        return raw.get_name_attribute(self.context.initiator_name, b"urn:mspac:").values[0]
