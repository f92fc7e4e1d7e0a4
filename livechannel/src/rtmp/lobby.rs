//! Where RTMP connections wait until they have shown the right to publish.
//!
//! Nobody knows beforehand who of them is an encoder. When the lobby is full, the newcomer gets in
//! and another leaves: first those without a handshake, then those that came first. An encoder
//! needs its seat for a few round trips, somebody who takes seats up loses them again.

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::limits::network;

/// Connections that may be anybody's.
#[derive(Debug)]
pub(crate) struct Lobby {
    most: usize,
    most_each: usize,
    guests: Mutex<Guests>,
}

#[derive(Debug, Default)]
struct Guests {
    /// In the order they came in.
    seated: BTreeMap<u64, Guest>,
    next: u64,
}

#[derive(Debug)]
struct Guest {
    address: IpAddr,
    has_shaken: bool,
    leave: Arc<Notify>,
}

/// A connection's seat, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    lobby: Arc<Lobby>,
    number: u64,
    leave: Arc<Notify>,
}

impl Lobby {
    /// Makes a lobby with `most` seats, `most_each` of them for one address.
    pub(crate) fn new(most: usize, most_each: usize) -> Self {
        Self { most, most_each, guests: Mutex::default() }
    }

    /// Gives a seat to a connection; where there is none, somebody is asked to leave.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Seat {
        let address = network(address);
        let mut guests = self.lock();
        let here = guests.seated.values().filter(|guest| guest.address == address).count();
        if here >= self.most_each {
            guests.send_away(|guest| guest.address == address);
        } else if guests.seated.len() >= self.most {
            guests.send_away(|_| true);
        }
        let leave = Arc::new(Notify::new());
        let number = guests.next;
        guests.next += 1;
        let guest = Guest { address, has_shaken: false, leave: Arc::clone(&leave) };
        guests.seated.insert(number, guest);
        Seat { lobby: Arc::clone(self), number, leave }
    }

    fn lock(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guests {
    fn send_away(&mut self, may_go: impl Fn(&Guest) -> bool) {
        let candidates = self.seated.iter().filter(|(_, guest)| may_go(guest));
        let worst = candidates.min_by_key(|(number, guest)| (guest.has_shaken, **number));
        let number = worst.map(|(number, _)| *number);
        if let Some(guest) = number.and_then(|number| self.seated.remove(&number)) {
            guest.leave.notify_one();
        }
    }
}

impl Seat {
    /// Notes that the connection has shaken hands.
    pub(crate) fn shaken(&self) {
        if let Some(guest) = self.lobby.lock().seated.get_mut(&self.number) {
            guest.has_shaken = true;
        }
    }

    /// Waits until the seat is needed by another.
    pub(crate) async fn taken(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.lobby.lock().seated.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn is_taken(seat: &Seat) -> bool {
        seat.taken().now_or_never().is_some()
    }

    #[test]
    fn who_has_not_shaken_hands_leaves_first_and_then_who_came_first() {
        let lobby = Arc::new(Lobby::new(3, 3));
        let enter = |last| lobby.enter(IpAddr::from([10, 0, 0, last]));
        let (first, second, third) = (enter(1), enter(2), enter(3));
        first.shaken();
        let fourth = enter(4);
        assert!(is_taken(&second) && !is_taken(&first) && !is_taken(&third));
        for seat in [&third, &fourth] {
            seat.shaken();
        }
        let _fifth = enter(5);
        assert!(is_taken(&first) && !is_taken(&third) && !is_taken(&fourth));
        assert_eq!(lobby.lock().seated.len(), 3);
    }

    #[test]
    fn an_address_that_has_its_part_takes_seats_from_itself() {
        let lobby = Arc::new(Lobby::new(4, 2));
        let other = lobby.enter(IpAddr::from([10, 0, 0, 1]));
        let mut held: Vec<Seat> = (0..100).map(|_| lobby.enter([10, 0, 0, 2].into())).collect();
        assert!(!is_taken(&other));
        assert_eq!(lobby.lock().seated.len(), 3);
        assert_eq!(held.iter().filter(|seat| is_taken(seat)).count(), 98);
        held.clear();
        assert_eq!(lobby.lock().seated.len(), 1, "who left has no seat");
    }
}
