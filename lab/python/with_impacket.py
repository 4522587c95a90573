"""impacket's NTLM, as initiator: NTLMv2 without MIC and channel bindings."""

import hmac

from Cryptodome.Cipher import ARC4
from impacket import ntlm


class Sealing:
    """One direction of a session with extended session security."""

    def __init__(self, flags, key, mode):
        self.flags = flags
        self.signing_key = ntlm.SIGNKEY(flags, key, mode)
        self.sealing_key = ntlm.SEALKEY(flags, key, mode)
        self.cipher = ARC4.new(self.sealing_key)
        self.sequence = 0

    def mic(self, message):
        mic = ntlm.SIGN(self.flags, self.signing_key, message, self.sequence, self.cipher.encrypt)
        self.sequence += 1
        return mic.getData()

    def seal(self, message):
        sealed, mic = ntlm.SEAL(self.flags, self.signing_key, self.sealing_key, message, message,
                                self.sequence, self.cipher.encrypt)
        self.sequence += 1
        return mic.getData() + sealed

    def unseal(self, token):
        message = self.cipher.decrypt(token[16:])
        self.verify(message, token[:16])
        return message

    def verify(self, message, mic):
        if not hmac.compare_digest(self.mic(message), mic):
            raise ValueError("the MIC is wrong")


class Peer:
    def __init__(self, options):
        if options.role != "initiate" or options.mechanism != "ntlm":
            raise NotImplementedError("an initiator of NTLM, and no more")
        self.domain, _, self.user = options.name.rpartition("\\")
        self.password = options.password
        self.negotiate = None

    def step(self, token):
        if self.negotiate is None:
            self.negotiate = ntlm.getNTLMSSPType1("", self.domain, signingRequired=True,
                                                  use_ntlmv2=True)
            return [False, self.negotiate.getData()]
        response, self.key = ntlm.getNTLMSSPType3(self.negotiate, token, self.user, self.password,
                                                  self.domain, use_ntlmv2=True)
        self.flags = response["flags"]
        self.sent = Sealing(self.flags, self.key, "Client")
        self.received = Sealing(self.flags, self.key, "Server")
        return [True, response.getData()]

    def wrap(self, message, sealed):
        return self.sent.seal(message) if sealed else self.sent.mic(message) + message

    def unwrap(self, token):
        return [True, self.received.unseal(token)]

    def mic(self, message):
        return self.sent.mic(message)

    def verify(self, message, mic):
        self.received.verify(message, mic)

    def about(self):
        return ["%s\\%s" % (self.domain, self.user), "", "1.3.6.1.4.1.311.2.2.10", "0", "",
                self.key]

    def pac(self):
        raise NotImplementedError("NTLM has no PAC")
