//! Writing NDR, the subset that a PAC uses (C706 14, MS-RPCE 2.2.6).

use alloc::vec::Vec;

use adlib_core::{FileTime, Sid, Writer, utf16};

/// Collects a structure: what its fields point to is written behind it, in the order of the fields.
pub(super) struct NdrWriter {
    fixed: Writer,
    deferred: Writer,
    pointers: u32,
}

/// Where Windows starts to count pointers.
const FIRST_REFERENT: u32 = 0x0002_0000;

impl NdrWriter {
    pub(super) fn new() -> Self {
        Self {
            fixed: Writer::new(),
            deferred: Writer::new(),
            // The pointer to the whole structure is the first.
            pointers: 1,
        }
    }

    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.fixed.align(2).u16_le(value);
        self
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.fixed.align(4).u32_le(value);
        self
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.fixed.bytes(bytes);
        self
    }

    pub(super) fn time(&mut self, time: FileTime) -> &mut Self {
        self.fixed.align(4).u64_le(time.0);
        self
    }

    fn pointer(&mut self) -> u32 {
        let referent = FIRST_REFERENT.saturating_add(self.pointers.saturating_mul(4));
        self.pointers += 1;
        referent
    }

    /// A string: its length twice and a pointer; behind the structure its characters with three counts before them.
    pub(super) fn string(&mut self, text: &str) -> &mut Self {
        let mut bytes = utf16::encode(text);
        bytes.truncate(usize::from(u16::MAX - 1));
        let length = u16::try_from(bytes.len()).unwrap_or(0);
        let pointer = self.pointer();
        self.u16(length).u16(length).u32(pointer);
        let characters = u32::from(length / 2);
        let deferred = self.deferred.align(4);
        deferred
            .u32_le(characters)
            .u32_le(0)
            .u32_le(characters)
            .bytes(&bytes);
        self
    }

    /// A counted array of pairs of numbers; no pointer when it is empty.
    pub(super) fn pairs(&mut self, pairs: &[(u32, u32)]) -> &mut Self {
        let count = u32::try_from(pairs.len()).unwrap_or(0);
        self.u32(count);
        if pairs.is_empty() {
            return self.u32(0);
        }
        let pointer = self.pointer();
        self.u32(pointer);
        self.deferred.align(4).u32_le(count);
        for (first, second) in pairs {
            self.deferred.u32_le(*first).u32_le(*second);
        }
        self
    }

    /// A pointer to a SID, or none.
    pub(super) fn sid(&mut self, sid: Option<&Sid>) -> &mut Self {
        let Some(sid) = sid else {
            return self.u32(0);
        };
        let pointer = self.pointer();
        self.u32(pointer);
        self.deferred_sid(sid);
        self
    }

    /// A counted array of pointers to SIDs, each with a number beside it.
    pub(super) fn sids(&mut self, sids: &[(Sid, u32)]) -> &mut Self {
        let count = u32::try_from(sids.len()).unwrap_or(0);
        self.u32(count);
        if sids.is_empty() {
            return self.u32(0);
        }
        let pointer = self.pointer();
        self.u32(pointer);
        self.deferred.align(4).u32_le(count);
        for (_, attributes) in sids {
            let pointer = self.pointer();
            self.deferred.u32_le(pointer).u32_le(*attributes);
        }
        sids.iter().for_each(|(sid, _)| self.deferred_sid(sid));
        self
    }

    fn deferred_sid(&mut self, sid: &Sid) {
        let count = u32::try_from(sid.sub_authorities().len()).unwrap_or(0);
        self.deferred.align(4).u32_le(count).bytes(&sid.encode());
    }

    /// The structure behind the header of type serialisation version 1.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.fixed.align(4);
        let mut object = Writer::new();
        object
            .u32_le(FIRST_REFERENT)
            .bytes(&self.fixed.finish())
            .bytes(&self.deferred.finish())
            .align(8);
        let object = object.finish();
        let mut output = Writer::new();
        output.bytes(&[1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc]);
        output
            .u32_le(u32::try_from(object.len()).unwrap_or(0))
            .u32_le(0)
            .bytes(&object);
        output.finish()
    }
}
