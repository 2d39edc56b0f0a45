//! Bytes by chance and broken archives: nothing may end the program.
//!
//! Must not know: what is found.

use proptest::prelude::*;

use super::make::{gzip, tar_of, zip_of};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bytes_by_chance_and_broken_archives_never_panic(
        noise in prop::collection::vec(any::<u8>(), 0..600), at in any::<prop::sample::Index>(),
        spots in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), cut in any::<prop::sample::Index>(),
    ) {
        let env = env();
        let tar = tar_of(&[("a", b'0', &env), ("b", b'x', b"20 path=some/where\n"), ("c", b'0', b"c")]);
        let zip = zip_of(&[("a", &env), ("b", b"b")], at.index(2) == 0, at.index(4) < 2);
        for whole in [tar.clone(), zip.clone(), gzip(&tar), tar_of(&[("z", b'0', &zip)]), zip_of(&[("t", &tar)], false, true)] {
            let mut broken = whole.clone();
            for (spot, byte) in &spots {
                let i = spot.index(broken.len());
                broken[i] = *byte;
            }
            let _ = (seen(&broken), clean(&broken));
            broken.truncate(cut.index(broken.len()));
            let _ = (seen(&broken), clean(&broken));
        }
        for head in [&b"\x1f\x8b\x08"[..], b"PK\x03\x04", b""] {
            let _ = (seen(&[head, &noise].concat()), clean(&[head, &noise].concat()));
        }
        let end = [&noise[..], b"PK\x05\x06", &noise[..noise.len().min(16)], &[0, 0]].concat();
        let _ = (seen(&end), clean(&end));
    }
}
