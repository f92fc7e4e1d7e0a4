//! Counts connections by the address they come from.

use core::net::{IpAddr, Ipv6Addr};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections that are open, in all and from each address.
#[derive(Debug)]
pub(crate) struct Addresses {
    most: usize,
    most_each: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    count: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    pub(crate) fn new(most: usize, most_each: usize) -> Self {
        Self { most, most_each, open: Mutex::default() }
    }

    /// Takes a place, if there is one for this address.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = network(address);
        let mut open = self.lock();
        let here = open.by_address.get(&address).copied().unwrap_or_default();
        if open.count >= self.most || here >= self.most_each {
            return None;
        }
        open.count += 1;
        open.by_address.insert(address, here + 1);
        Some(Place { addresses: Arc::clone(self), address })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.addresses.lock();
        open.count = open.count.saturating_sub(1);
        if let Some(here) = open.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

/// Returns what one customer of a network has: an IPv4 address, or 64 bits of an IPv6 address.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_part_and_all_together_have_theirs() {
        let addresses = Arc::new(Addresses::new(3, 2));
        let from = |last| addresses.enter(IpAddr::from([10, 0, 0, last]));
        let (first, _second) = (from(1).unwrap(), from(1).unwrap());
        assert!(from(1).is_none(), "a third of one address");
        let _third = from(2).unwrap();
        assert!(from(3).is_none(), "a fourth in all");
        drop(first);
        assert!(from(3).is_some());
        assert_eq!(addresses.lock().by_address.len(), 2, "who left is forgotten");
    }

    #[test]
    fn addresses_of_one_customer_are_one() {
        let same = |a: &str, b: &str| network(a.parse().unwrap()) == network(b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff:2"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(!same("10.0.0.1", "10.0.0.2"));
    }
}
