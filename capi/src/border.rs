//! The border: all that is unsafe. Pointers of the caller become values, slices and guarded objects
//! here, or an error.
//!
//! Every function here trusts the caller of the C API in what the header's chapter "Rules" asks of
//! it, and in nothing else: a pointer is NULL or points to what the parameter says, for the time of
//! the call. What can be checked is checked: NULL, alignment, lengths, sizes of structs, whether an
//! object was initialised and whether it is in use. They are crate-private, and given nothing but
//! the parameters of exported functions, which are `unsafe` to call.

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char};
use core::mem::{MaybeUninit, align_of, needs_drop, offset_of, size_of};
use core::ops::{Deref, DerefMut};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicU32, Ordering};
use core::{ptr, slice};
use std::panic::catch_unwind;

use crate::config::hlsseg_config;
use crate::fragment_buffer::hlsseg_fragment_buffer;
use crate::live_channel::{hlsseg_live_channel, hlsseg_live_channel_request};
use crate::live_edge::hlsseg_live_edge;
use crate::part::{hlsseg_listed_part, hlsseg_next_part};
use crate::playlist::{hlsseg_listed_segment, hlsseg_playlist_info};
use crate::playlist_text::hlsseg_uris;
use crate::reader::hlsseg_step;
use crate::sink::hlsseg_sink;
use crate::status::hlsseg_status as Status;
use crate::track::hlsseg_track;

/// What a function does, or the status it returns.
pub(crate) type Result<T = ()> = core::result::Result<T, Status>;

/// Runs the body of an exported function. A panic, which would be a bug of ours, ends here.
pub(crate) fn call(body: impl FnOnce() -> Result) -> Status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Status::Ok,
        Ok(Err(status)) => status,
        Err(_) => Status::Internal,
    }
}

/// A struct that the caller keeps, with its length in front.
///
/// # Safety
///
/// It is `repr(C)`, begins with a `usize`, and is whatever bytes are in it.
pub(crate) unsafe trait Struct: Copy {}

macro_rules! structs {
    ($($kind:ty),*) => {$(
        const _: () = assert!(offset_of!($kind, size) == 0 && !needs_drop::<$kind>());
        // SAFETY: it is `repr(C)`, `size` comes first, and the rest are integers, pointers and
        // function pointers that C wrote: no bool, no enum, no reference.
        unsafe impl Struct for $kind {}
    )*};
}

structs!(
    hlsseg_config,
    hlsseg_sink,
    hlsseg_listed_segment,
    hlsseg_playlist_info,
    hlsseg_track,
    hlsseg_step,
    hlsseg_live_channel,
    hlsseg_live_channel_request,
    hlsseg_uris,
    hlsseg_next_part,
    hlsseg_listed_part,
    hlsseg_live_edge,
    hlsseg_fragment_buffer
);

/// No struct of the API will ever be longer: a larger size is rubbish.
const LARGEST: usize = 4096;

/// Reads a struct of the caller's size over `default`: what a shorter one lacks keeps its default,
/// and a longer one is accepted while all that is unknown of it is zero.
#[cold]
#[inline(never)]
pub(crate) fn read<T: Struct>(from: *const T, default: T) -> Result<T> {
    let size = size_in(from)?;
    let known = size.min(size_of::<T>());
    let mut value = default;
    // SAFETY: `from` is readable for `size` bytes, as its size field states; `value` is writable
    // for its own length, and `Struct` takes any bytes.
    unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), (&raw mut value).cast(), known) };
    let unknown = bytes(from.cast::<u8>().wrapping_add(known), size - known)?;
    if unknown.iter().any(|&byte| byte != 0) {
        return Err(Status::Size);
    }
    Ok(value)
}

/// Borrows a struct of the caller for the call where it has the length that is known here; else
/// reads it into `room`.
#[inline]
pub(crate) fn view<'a, T: Struct>(
    from: *const T,
    room: &'a mut Option<T>,
    default: &T,
) -> Result<&'a T> {
    if load(from.cast::<usize>())? == size_of::<T>() {
        return lent(from);
    }
    Ok(room.insert(read(from, *default)?))
}

/// Writes a struct into one of the caller's size, whose size field stays; what it has beyond ours
/// becomes zero.
pub(crate) fn write<T: Struct>(to: *mut T, value: &T) -> Result {
    let size = size_in(to)?;
    if size == size_of::<T>() {
        return store(to, *value);
    }
    let known = size.min(size_of::<T>());
    let head = size_of::<usize>();
    let value = ptr::from_ref(value).cast::<u8>().wrapping_add(head);
    let to = to.cast::<u8>();
    // SAFETY: `to` is writable for `size` bytes, as its size field states, and `value` is readable
    // up to `known`.
    unsafe { ptr::copy_nonoverlapping(value, to.wrapping_add(head), known - head) };
    // SAFETY: as above: these are the bytes from `known` up to `size`.
    unsafe { ptr::write_bytes(to.wrapping_add(known), 0, size - known) };
    Ok(())
}

/// Reads the size that a struct states of itself.
pub(crate) fn size_in<T: Struct>(from: *const T) -> Result<usize> {
    let size = load(from.cast::<usize>())?;
    if (size_of::<usize>()..=LARGEST).contains(&size) { Ok(size) } else { Err(Status::Size) }
}

/// Reads a plain value.
fn load<T: Copy>(from: *const T) -> Result<T> {
    aligned(from)?;
    // SAFETY: it is not NULL, it is aligned, and the caller keeps a `T` there.
    Ok(unsafe { from.read() })
}

/// Writes a plain value into a parameter that is for output.
pub(crate) fn store<T: Copy>(to: *mut T, value: T) -> Result {
    aligned(to)?;
    // SAFETY: it is not NULL, it is aligned, and the caller has room for a `T` there.
    unsafe { to.write(value) };
    Ok(())
}

/// Borrows what the caller lends for the time of the call: an object that a callback got of this
/// library and that lives on its stack until the callback returns, or a struct of the caller.
pub(crate) fn lent<'a, T>(from: *const T) -> Result<&'a T> {
    aligned(from)?;
    // SAFETY: it is not NULL, it is aligned, and by the rules it is there, and not written to,
    // until the call returns.
    Ok(unsafe { &*from })
}

/// Borrows bytes of the caller; NULL is as good as none.
pub(crate) fn bytes<'a>(from: *const u8, len: usize) -> Result<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    addressable(from, len)?;
    // SAFETY: it is not NULL, no longer than memory can be, and the caller keeps `len` bytes there
    // during the call.
    Ok(unsafe { slice::from_raw_parts(from, len) })
}

/// Borrows room of the caller for bytes; NULL is as good as none.
pub(crate) fn room<'a>(to: *mut u8, len: usize) -> Result<&'a mut [u8]> {
    if len == 0 {
        return Ok(&mut []);
    }
    addressable(to, len)?;
    // SAFETY: as in `bytes`; the room is the caller's to give and nobody else looks at it
    // meanwhile. It is only written to.
    Ok(unsafe { slice::from_raw_parts_mut(to, len) })
}

/// Borrows a text that ends in NUL; NULL is none.
pub(crate) fn text<'a>(from: *const c_char) -> Option<&'a CStr> {
    if from.is_null() {
        return None;
    }
    // SAFETY: it is not NULL, and the caller keeps a text that ends in NUL there during the call.
    Some(unsafe { CStr::from_ptr(from) })
}

/// Checks that a parameter is neither NULL nor misaligned.
pub(crate) fn aligned<T>(pointer: *const T) -> Result {
    if pointer.is_null() {
        Err(Status::Null)
    } else if pointer.is_aligned() {
        Ok(())
    } else {
        Err(Status::Alignment)
    }
}

fn addressable(pointer: *const u8, len: usize) -> Result {
    match isize::try_from(len) {
        _ if pointer.is_null() => Err(Status::Null),
        Ok(_) => Ok(()),
        Err(_) => Err(Status::Argument),
    }
}

/// What can lie in memory of the caller.
pub(crate) trait Object {
    /// Tells one kind from the others.
    const KIND: u8;
}

/// An object in memory of the caller.
///
/// `state` says what it is, whether it was made and whether a call is using it. Two calls at once,
/// from a callback or from another thread, would be two exclusive borrows: the second is refused
/// instead.
#[repr(C)]
pub(crate) struct Slot<T> {
    state: AtomicU32,
    value: UnsafeCell<MaybeUninit<T>>,
}

/// `state` of an object that no call is using, one that a call is using, and one that a panic left,
/// of kind 0; the kind is in the second byte from the front.
const IDLE: u32 = 0x4800_7301;
const BUSY: u32 = 0x4800_7302;
const POISONED: u32 = 0x4800_7303;

/// Reads of what kind the object at a pointer is, if there is one, which may be in use:
/// [`Slot::enter`] finds out.
#[inline]
pub(crate) fn kind_in<T: Object>(slot: *const Slot<T>) -> Result<u8> {
    aligned(slot)?;
    // SAFETY: it is not NULL, it is aligned, and the caller says that an object was made there:
    // every slot begins with its state.
    let state = unsafe { &*slot.cast::<AtomicU32>() }.load(Ordering::Relaxed);
    Ok((state >> 16) as u8)
}

impl<T: Object> Slot<T> {
    const IDLE: u32 = IDLE | (T::KIND as u32) << 16;
    const BUSY: u32 = BUSY | (T::KIND as u32) << 16;
    const POISONED: u32 = POISONED | (T::KIND as u32) << 16;

    /// Makes an object in `len` bytes of memory at `memory`.
    pub(crate) fn place(memory: *mut Self, len: usize, value: T) -> Result {
        const { assert!(!needs_drop::<T>(), "the caller just takes the memory back") };
        aligned(memory)?;
        if len < size_of::<Self>() {
            return Err(Status::Memory);
        }
        let slot = Self {
            state: AtomicU32::new(Self::IDLE),
            value: UnsafeCell::new(MaybeUninit::new(value)),
        };
        // SAFETY: it is not NULL, it is aligned, and the caller gave `len` bytes there, enough for
        // a slot.
        unsafe { memory.write(slot) };
        Ok(())
    }

    /// Takes an object for the time of a call.
    pub(crate) fn enter<'a>(slot: *mut Self) -> Result<Guard<'a, T>> {
        aligned(slot)?;
        // SAFETY: the pointer is aligned and not NULL, and the caller says that a slot was made
        // there. Only the content of its `UnsafeCell` is ever borrowed exclusively.
        let slot = unsafe { &*slot };
        let (idle, busy) = (Self::IDLE, Self::BUSY);
        match slot.state.compare_exchange(idle, busy, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Ok(Guard { slot }),
            Err(state) if state == busy => Err(Status::Busy),
            Err(state) if state == Self::POISONED => Err(Status::Internal),
            Err(_) => Err(Status::State),
        }
    }
}

/// An object that a call is using, until this is dropped.
pub(crate) struct Guard<'a, T: Object> {
    slot: &'a Slot<T>,
}

impl<T: Object> Guard<'_, T> {
    /// Says whether `at` lies in the object itself.
    pub(crate) fn holds(&self, at: *const u8) -> bool {
        let start = ptr::from_ref(self.slot).addr();
        (start..start + size_of::<Slot<T>>()).contains(&at.addr())
    }
}

impl<T: Object> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        let value = self.slot.value.get().cast::<T>();
        // SAFETY: `place` made the value, and the state gives it to this guard alone.
        unsafe { &*value }
    }
}

impl<T: Object> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        let value = self.slot.value.get().cast::<T>();
        // SAFETY: as for `deref`, and this guard is borrowed exclusively.
        unsafe { &mut *value }
    }
}

impl<T: Object> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        let state = if std::thread::panicking() { Slot::<T>::POISONED } else { Slot::<T>::IDLE };
        self.slot.state.store(state, Ordering::Release);
    }
}

/// Length and alignment of the memory for an object.
pub(crate) const fn layout<T>() -> (usize, usize) {
    (size_of::<Slot<T>>(), align_of::<Slot<T>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Object for u64 {
        const KIND: u8 = 0xe0;
    }

    /// Another object of the same length.
    struct Other(#[expect(dead_code, reason = "only what kind it is matters")] u64);

    impl Object for Other {
        const KIND: u8 = 0xe1;
    }

    fn slot() -> Slot<u64> {
        Slot { state: AtomicU32::new(0), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    #[test]
    fn an_object_is_taken_by_one_call_at_a_time() {
        let mut memory = slot();
        let at = &raw mut memory;
        assert_eq!(Slot::enter(at).err(), Some(Status::State));
        Slot::place(at, size_of::<Slot<u64>>(), 5).unwrap();
        let mut guard = Slot::enter(at).unwrap();
        *guard += 1;
        assert_eq!(Slot::enter(at).err(), Some(Status::Busy));
        drop(guard);
        assert_eq!(*Slot::enter(at).unwrap(), 6);
    }

    #[test]
    fn an_object_is_taken_for_no_other() {
        let mut memory = slot();
        let at = &raw mut memory;
        assert_eq!(kind_in(at), Ok(0));
        Slot::place(at, size_of::<Slot<u64>>(), 5).unwrap();
        assert_eq!(kind_in(at), Ok(0xe0));
        assert_eq!(Slot::enter(at.cast::<Slot<Other>>()).err(), Some(Status::State));
        let _guard = Slot::enter(at).unwrap();
        assert_eq!(kind_in(at), Ok(0xe0));
        assert_eq!(Slot::enter(at.cast::<Slot<Other>>()).err(), Some(Status::State));
    }

    #[test]
    fn a_panic_ends_at_the_border_and_the_object_is_out_of_use() {
        let mut memory = slot();
        let at = &raw mut memory;
        Slot::place(at, size_of::<Slot<u64>>(), 5).unwrap();
        let status = call(|| {
            let _guard = Slot::enter(at)?;
            panic!("as a bug would");
        });
        assert_eq!(status, Status::Internal);
        assert_eq!(Slot::enter(at).err(), Some(Status::Internal));
        Slot::place(at, size_of::<Slot<u64>>(), 7).unwrap();
        assert_eq!(*Slot::enter(at).unwrap(), 7);
    }
}
