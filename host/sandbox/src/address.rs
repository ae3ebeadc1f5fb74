//! Which network addresses a plugin may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The internet.
    Public,
    /// This machine or the network around it: only where the operator named the destination.
    Private,
    /// Link-local addresses and those where clouds keep their machines' credentials: only where the operator
    /// named the very address, never through a name that happens to resolve to it.
    Metadata,
    /// Nothing to talk to: multicast, documentation, reserved.
    Never,
}

/// Sorts an address by the special-purpose registries (RFC 6890 and its updates).
pub(crate) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [169, 254, ..] => Reach::Metadata,
        // Alibaba Cloud's metadata service, in the carrier-grade NAT range.
        [100, 100, 100, 200] => Reach::Metadata,
        [10 | 127, ..] | [192, 168, ..] => Reach::Private,
        [172, b, ..] if b & 0xf0 == 16 => Reach::Private,
        [100, b, ..] if b & 0xc0 == 64 => Reach::Private,
        [0, ..] | [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] => Reach::Never,
        [198, 18 | 19, ..] => Reach::Never,
        // Multicast, reserved, broadcast.
        [a, ..] if a >= 224 => Reach::Never,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let s = address.segments();
    let last_v4 = || {
        let [.., a, b, c, d] = address.octets();
        reach_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Private,
        [0, 0, 0, 0, 0, 0, 0, 0] => Reach::Never,
        // IPv4 in another coat: mapped, compatible (long obsolete), translated (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => last_v4(),
        [0x64, 0xff9b, 1, ..] => Reach::Private,
        // 6to4 carries an IPv4 address, Teredo several.
        [0x2002, high, low, ..] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            reach_v4(Ipv4Addr::new(a, b, c, d))
        }
        [0x2001, 0, ..] | [0x2001, 0x0db8, ..] | [0x0100, 0, 0, 0, ..] => Reach::Never,
        [0x3fff, b, ..] if b < 0x1000 => Reach::Never,
        // Amazon's metadata service, in the unique local range.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => Reach::Metadata,
        [a, ..] if a & 0xffc0 == 0xfe80 => Reach::Metadata,
        [a, ..] if a & 0xfe00 == 0xfc00 || a & 0xffc0 == 0xfec0 => Reach::Private,
        [a, ..] if a & 0xff00 == 0xff00 => Reach::Never,
        _ => Reach::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_sorted() {
        let cases = [
            (
                Reach::Public,
                "8.8.8.8 1.1.1.1 223.5.5.5 172.32.0.1 100.128.0.1 192.0.1.1 2606:4700::1111 2400:3200::1 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1",
            ),
            (
                Reach::Private,
                "127.0.0.1 127.8.9.1 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 ::1 fc00::1 fd12::1 fec0::1 \
                 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::7f00:1 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1::1 2002:c0a8:101::",
            ),
            (
                Reach::Metadata,
                "169.254.169.254 169.254.0.1 100.100.100.200 fe80::1 fd00:ec2::254 ::ffff:169.254.169.254",
            ),
            (
                Reach::Never,
                "0.0.0.0 0.1.2.3 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 192.0.2.1 198.51.100.1 203.0.113.9 198.18.0.1 \
                 :: ff02::1 2001:db8::1 2001::1 100::1 3fff::1 ::ffff:0.0.0.0",
            ),
        ];
        for (expected, addresses) in cases {
            for address in addresses.split_whitespace() {
                assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
            }
        }
    }
}
