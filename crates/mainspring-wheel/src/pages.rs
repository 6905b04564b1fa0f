//! Stores timers in pages that never move, and knows which places are taken.
//!
//! A wheel of a million timers is larger than any cache, so what counts is how many cache lines one
//! operation touches: a timer's links, generation and value stand together, 24 bytes with a `u64`.
//! Growing adds a page and copies nothing.
//!
//! # Ground rules
//! - A place holds a value exactly while its generation is odd. Generations change in `fill` and
//!   `empty` alone, and no code outside of this file can reach them.
//! - This is the crate's one file with unsafe code. It pays in memory: in an `Option` a `u64` takes
//!   16 bytes and not 8, a third more for each timer. With `--cfg mainspring_safe` the values stand in
//!   `Option`s, and the crate forbids unsafe code.

use alloc::boxed::Box;
use alloc::vec::Vec;
#[cfg(not(mainspring_safe))]
use core::mem::MaybeUninit;
use core::num::NonZeroU32;
use core::ops::{Index, IndexMut};

/// Places per page.
pub(crate) const PAGE: usize = 1024;

/// No place: the end of a list.
pub(crate) const NONE: u32 = u32::MAX;

/// How a place hangs in its list, and the low half of its deadline.
#[derive(Clone, Copy)]
pub(crate) struct Links {
    pub(crate) next: u32,
    /// The place before, or, for the first of a list, the list itself (see `lists.rs`).
    pub(crate) prev: u32,
    pub(crate) due_low: u32,
}

impl Links {
    const UNUSED: Self = Self { next: NONE, prev: NONE, due_low: 0 };
}

/// What is to be known of a place that has been filled.
pub(crate) struct Filled {
    pub(crate) generation: NonZeroU32,
    /// The `next` that the place was left with.
    pub(crate) next: u32,
}

/// What comes out of a place.
pub(crate) struct Left<T> {
    pub(crate) value: T,
    pub(crate) links: Links,
    /// The generation that the place is left with: 0 when they are used up.
    pub(crate) generation: u32,
}

/// All pages: place `id` is number `id % PAGE` of page `id / PAGE`.
pub(crate) struct Pages<T> {
    pages: Vec<Box<[Node<T>; PAGE]>>,
}

impl<T> Pages<T> {
    pub(crate) const fn new() -> Self {
        Self { pages: Vec::new() }
    }

    pub(crate) fn count(&self) -> usize {
        self.pages.len()
    }

    /// Adds a page of empty places whose generations start at this even number.
    pub(crate) fn grow(&mut self, generation: u32) {
        let nodes: Box<[Node<T>]> = (0..PAGE).map(|_| Node::new(generation & !1)).collect();
        match nodes.try_into() {
            Ok(page) => self.pages.push(page),
            Err(_) => unreachable!("a page of another length"),
        }
    }

    /// Drops the last page if nothing lives there and every generation `may` go; returns the newest.
    pub(crate) fn shrink(&mut self, may: impl Fn(usize, u32) -> bool) -> Option<u32> {
        let last = self.pages.last()?;
        let free = |(i, node): (usize, &Node<T>)| !node.is_taken() && may(i, node.generation);
        if !last.iter().enumerate().all(free) {
            return None;
        }
        let newest = last.iter().map(|node| node.generation).max();
        self.pages.pop();
        newest
    }

    /// Gives back what the table of pages has kept for growing.
    pub(crate) fn shrink_table(&mut self) {
        self.pages.shrink_to_fit();
    }

    /// Returns the generation of the value that lives here, if one does.
    #[inline]
    pub(crate) fn generation(&self, id: u32) -> Option<NonZeroU32> {
        let node = &self.pages.get(page(id))?[offset(id)];
        if node.is_taken() { NonZeroU32::new(node.generation) } else { None }
    }

    /// Returns the generation of this place if nothing lives here.
    pub(crate) fn free_generation(&self, id: u32) -> Option<u32> {
        let node = &self.pages.get(page(id))?[offset(id)];
        (!node.is_taken()).then_some(node.generation)
    }

    /// Puts a value into an empty place.
    #[inline]
    pub(crate) fn fill(&mut self, id: u32, links: Links, value: T) -> Filled {
        self.node_mut(id).fill(links, value)
    }

    /// Takes the value out of a place, and leaves it with another `next`.
    #[inline]
    pub(crate) fn empty(&mut self, id: u32, next: u32) -> Left<T> {
        self.node_mut(id).empty(next)
    }

    pub(crate) fn value(&self, id: u32) -> &T {
        self.node(id).value()
    }

    pub(crate) fn value_mut(&mut self, id: u32) -> &mut T {
        self.node_mut(id).value_mut()
    }

    /// Writes to a place that hangs in no list as yet, only to bring it into the cache.
    ///
    /// A write is not waited for, other than a read, so this is a prefetch that needs no unsafe code.
    #[inline]
    pub(crate) fn touch(&mut self, id: u32) {
        self.node_mut(id).links.prev = NONE;
    }

    /// Makes a place as old as if it had been used until this generation.
    #[cfg(test)]
    pub(crate) fn age(&mut self, id: u32, generation: u32) {
        let node = self.node_mut(id);
        assert_eq!(node.is_taken(), generation % 2 == 1);
        node.generation = generation;
    }

    /// How much memory a place takes.
    #[cfg(test)]
    pub(crate) const fn bytes_per_place() -> usize {
        size_of::<Node<T>>()
    }

    #[inline]
    fn node(&self, id: u32) -> &Node<T> {
        &self.pages[page(id)][offset(id)]
    }

    #[inline]
    fn node_mut(&mut self, id: u32) -> &mut Node<T> {
        &mut self.pages[page(id)][offset(id)]
    }
}

impl<T> Index<u32> for Pages<T> {
    type Output = Links;

    #[inline]
    fn index(&self, id: u32) -> &Links {
        &self.node(id).links
    }
}

impl<T> IndexMut<u32> for Pages<T> {
    #[inline]
    fn index_mut(&mut self, id: u32) -> &mut Links {
        &mut self.node_mut(id).links
    }
}

fn page(id: u32) -> usize {
    id as usize / PAGE
}

fn offset(id: u32) -> usize {
    id as usize % PAGE
}

struct Node<T> {
    links: Links,
    generation: u32,
    #[cfg(not(mainspring_safe))]
    value: MaybeUninit<T>,
    #[cfg(mainspring_safe)]
    value: Option<T>,
}

#[cfg(not(mainspring_safe))]
impl<T> Node<T> {
    fn new(generation: u32) -> Self {
        Self { links: Links::UNUSED, generation, value: MaybeUninit::uninit() }
    }

    #[inline]
    fn fill(&mut self, links: Links, value: T) -> Filled {
        assert!(!self.is_taken(), "this place is taken");
        self.value.write(value);
        let next = core::mem::replace(&mut self.links, links).next;
        self.generation += 1;
        Filled { generation: NonZeroU32::MIN | self.generation, next }
    }

    #[inline]
    fn empty(&mut self, next: u32) -> Left<T> {
        assert!(self.is_taken(), "this place is empty");
        self.generation = self.generation.wrapping_add(1);
        let links = self.links;
        self.links.next = next;
        // SAFETY: the generation was odd, so `fill` wrote this value and nobody has taken it since;
        // it is even now, so nobody will take or drop it again.
        let value = unsafe { self.value.assume_init_read() };
        Left { value, links, generation: self.generation }
    }

    fn value(&self) -> &T {
        assert!(self.is_taken(), "this place is empty");
        // SAFETY: the generation is odd, so `fill` wrote this value and nobody has taken it since.
        unsafe { self.value.assume_init_ref() }
    }

    fn value_mut(&mut self) -> &mut T {
        assert!(self.is_taken(), "this place is empty");
        // SAFETY: the generation is odd, so `fill` wrote this value and nobody has taken it since.
        unsafe { self.value.assume_init_mut() }
    }
}

#[cfg(not(mainspring_safe))]
impl<T> Drop for Node<T> {
    fn drop(&mut self) {
        if core::mem::needs_drop::<T>() && self.is_taken() {
            drop(self.empty(NONE));
        }
    }
}

#[cfg(mainspring_safe)]
impl<T> Node<T> {
    fn new(generation: u32) -> Self {
        Self { links: Links::UNUSED, generation, value: None }
    }

    #[inline]
    fn fill(&mut self, links: Links, value: T) -> Filled {
        assert!(!self.is_taken(), "this place is taken");
        self.value = Some(value);
        let next = core::mem::replace(&mut self.links, links).next;
        self.generation += 1;
        Filled { generation: NonZeroU32::MIN | self.generation, next }
    }

    #[inline]
    fn empty(&mut self, next: u32) -> Left<T> {
        let value = self.value.take().expect("this place is empty");
        self.generation = self.generation.wrapping_add(1);
        let links = self.links;
        self.links.next = next;
        Left { value, links, generation: self.generation }
    }

    fn value(&self) -> &T {
        self.value.as_ref().expect("this place is empty")
    }

    fn value_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("this place is empty")
    }
}

impl<T> Node<T> {
    #[inline]
    fn is_taken(&self) -> bool {
        self.generation % 2 == 1
    }
}
