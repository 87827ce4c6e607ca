#include "vm/data/heap.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <new>

// A heap of some size takes its segments from blocks that the host backs with one huge page each: 512 page faults less.
#if defined(__linux__) && !defined(GEN_STRESS)
#include <sys/mman.h>
#define GEN_HUGE_PAGES 1
#else
#define GEN_HUGE_PAGES 0
#endif

namespace gen {

// trace.cpp
void install_data_tracers(Heap&);
void trace_part(Marker&, const Object*, const void* from, const void* to);

namespace {
constexpr unsigned kPagesPerSegment = Heap::kSegment / Heap::kPage;  // page 0 is the header
constexpr size_t kFirstMark =
    Heap::kPage / Heap::kGranule;       // marks of page 0 would be the header's first bytes
constexpr size_t kMarkSlice = 1 << 20;  // bytes marked in one increment of a major collection
constexpr size_t kMajorMinimum = 8 << 20;
constexpr size_t kReserve = 4;                 // segments kept for when memory is short
constexpr size_t kBlock = 2 << 20;             // bytes of a huge page
constexpr size_t kSegmentsBeforeBlocks = 128;  // that a heap has before it takes whole blocks
constexpr size_t kBlockSegments = kBlock / Heap::kSegment;
constexpr size_t kCard = 512;  // bytes of a large object that are looked at together: see remember()

#if GEN_HUGE_PAGES
void* map_block() {
    void* memory =
        mmap(nullptr, 2 * kBlock, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    auto* from = static_cast<char*>(memory);
    char* block = from + (kBlock - reinterpret_cast<uintptr_t>(from) % kBlock) % kBlock;
    if (block != from) munmap(from, size_t(block - from));
    munmap(block + kBlock, size_t(from + kBlock - block));
    madvise(block, kBlock, MADV_HUGEPAGE);
    return block;
}
void unmap_block(void* block) { munmap(block, kBlock); }
void give_back(void* at, size_t bytes) { madvise(at, bytes, MADV_DONTNEED); }
#else
void* map_block() { return nullptr; }
void unmap_block(void*) {}
void give_back(void*, size_t) {}
#endif

// Stress builds fill memory that nobody owns with pointers to nowhere.
void poison([[maybe_unused]] void* at, [[maybe_unused]] size_t bytes) {
#ifdef GEN_STRESS
    std::memset(at, 0xd8, bytes);
#endif
}

uint64_t now() {
    return uint64_t(std::chrono::duration_cast<std::chrono::nanoseconds>(
                        std::chrono::steady_clock::now().time_since_epoch())
                        .count());
}
}  // namespace

// The header lies in the first page, where the marks of that page's own granules would be; the marks of the other pages
// follow at their natural place.
struct Heap::Segment {
    enum PageUse : uint8_t { kFree = 0, kLarge = 253, kContinued = 254, kRun = 255 };  // else a size class
    size_t bytes;                                                                      // of the whole segment
    uint16_t free;                        // bit n: page n is free
    uint8_t use[kPagesPerSegment];        // size class, or kRun for the first page of a medium object
    uint8_t run_pages[kPagesPerSegment];  // of that object
    Segment* block;   // the first segment of the block that this one is a part of; or null
    uint8_t unused;   // of a block's first segment: how many of them are
    bool given_back;  // its pages have no memory behind them
    bool idle;        // nothing was taken from it since the last census
    bool carded;      // of a large object: in carded_
    uint8_t* cards;   // of a large object, one for every kCard bytes, not 0 when dirty; null: none yet

    static Segment* start(void* memory, size_t bytes) {
        auto* s = new (memory) Segment;
        s->bytes = bytes;
        s->free = 0;
        std::memset(s->use, 0, sizeof s->use);
        s->block = nullptr;
        s->given_back = s->idle = s->carded = false;
        s->cards = nullptr;
        return s;
    }
    static Segment* of(const Object* o) {
        return reinterpret_cast<Segment*>(reinterpret_cast<uintptr_t>(o) & ~uintptr_t(kSegment - 1));
    }
    size_t card_count() const { return (bytes - kPage + kCard - 1) / kCard; }
    Object* large() { return reinterpret_cast<Object*>(page(1)); }

    uint8_t* base() { return reinterpret_cast<uint8_t*>(this); }
    uint8_t* page(unsigned n) { return base() + n * kPage; }
    uint8_t* marks(unsigned page) { return base() + page * (kPage / kGranule); }
};

Heap::Heap() {
    static_assert(sizeof(Segment) <= kFirstMark);
    install_data_tracers(*this);
    stack_.reserve(1024);
}

Heap::~Heap() {
    std::vector<Segment*> blocks;
    for (Segment* s : segments_) {
        if (!s->block)
            std::free(s);
        else if (s->block == s)
            blocks.push_back(s);
    }
    for (Segment* s : blocks) unmap_block(s);
    for (Segment* s : large_) {
        std::free(s->cards);
        std::free(s);
    }
}

size_t Heap::used() const { return segment_bytes_ - free_page_count_ * kPage + external_; }

Heap::Segment* Heap::new_segment(size_t bytes) {
    void* memory = std::aligned_alloc(kSegment, (bytes + kSegment - 1) & ~(kSegment - 1));
    if (!memory) return nullptr;
    poison(memory, bytes);
    std::memset(memory, 0, kPage);
    segment_bytes_ += bytes;
    return Segment::start(memory, bytes);
}

void Heap::free_segment(Segment* s) {
    segment_bytes_ -= s->bytes;
    if (s->cards) {
        external_ -= s->card_count();
        std::free(s->cards);
    }
    poison(s, s->bytes);
    std::free(s);
}

// ---- allocation

// Finds the next run of unmarked cells in the current page of the class.
bool Heap::next_run(size_t c) {
    SizeClass& sc = classes_[c];
    if (!sc.current.segment) return false;
    const size_t size = class_bytes(c), step = size / kGranule;
    auto* page = reinterpret_cast<char*>(sc.current.segment->page(sc.current.page));
    const uint8_t* marks = sc.current.segment->marks(sc.current.page);
    const size_t count = kPage / size;
    size_t i = size_t(sc.scan - page) / size;
    while (i < count && !dead(marks[i * step])) i++;
    if (i == count) {
        sc.current = {};
        return false;
    }
    size_t j = i + 1;
    while (j < count && dead(marks[j * step])) j++;
    bumps_[c].at = page + i * size;
    bumps_[c].end = page + j * size;
    sc.scan = page + j * size;
    charge((j - i) * size);
    return true;
}

Object* Heap::allocate_slow(size_t c) {
    SizeClass& sc = classes_[c];
    for (bool fresh = false;; fresh = true) {
        if (next_run(c)) return take(c, class_bytes(c));
        if (fresh) std::swap(sc.pages[sc.next - 1], sc.pages[sc.full++]);
        if (sc.next < sc.pages.size()) {
            sc.current = sc.pages[sc.next++];
        } else {
            sc.current = take_pages(1);
            if (!sc.current.segment) std::abort();  // the host itself is out of memory, beyond every limit
            sc.current.segment->use[sc.current.page] = uint8_t(c);
            sc.pages.push_back(sc.current);
            sc.next = sc.pages.size();
        }
        sc.scan = reinterpret_cast<char*>(sc.current.segment->page(sc.current.page));
    }
}

// Finds n neighbouring free pages, in a new segment at need; their marks are cleared. No segment: the host has no memory.
Heap::PageRef Heap::take_pages(unsigned n) {
    const uint16_t run = uint16_t((1u << n) - 1);
    for (size_t& i = first_free_[n]; i < segments_.size(); i++) {
        Segment* s = segments_[i];
        for (unsigned p = 1; p + n <= kPagesPerSegment; p++) {
            if ((s->free >> p & run) != run) continue;
            s->free &= uint16_t(~(run << p));
            s->given_back = s->idle = false;
            free_page_count_ -= n;
            std::memset(s->marks(p), 0, n * (kPage / kGranule));
            return {s, p};
        }
    }
    if (limit_ && used() + kSegment > limit_) exhausted_ = true;
    if (void* block = segments_.size() < kSegmentsBeforeBlocks || !reserve(kBlock) ? nullptr : map_block()) {
        Segment* first = nullptr;
        for (size_t i = 0; i < kBlockSegments; i++) {
            Segment* s = Segment::start(static_cast<char*>(block) + i * kSegment, kSegment);
            if (!first) first = s;
            s->block = first;
            s->free = 0xfffe;
            segments_.push_back(s);
        }
        segment_bytes_ += kBlock;
        free_page_count_ += kBlockSegments * (kPagesPerSegment - 1);
        return take_pages(n);
    }
    Segment* s = new_segment(kSegment);
    if (!s) return {};
    segments_.push_back(s);
    s->free = uint16_t(0xfffe & ~(run << 1));
    free_page_count_ += kPagesPerSegment - 1 - n;
    return {s, 1};
}

void Heap::free_pages(PageRef first, unsigned n) {
    Segment* s = first.segment;
    for (unsigned i = 0; i < n; i++) s->use[first.page + i] = Segment::kFree;
    poison(s->page(first.page), n * kPage);
    s->free |= uint16_t(((1u << n) - 1) << first.page);
    free_page_count_ += n;
}

Object* Heap::allocate_medium(size_t bytes) {
    unsigned n = unsigned((bytes + kPage - 1) / kPage);
    PageRef r = take_pages(n);
    if (!r.segment) return nullptr;
    r.segment->use[r.page] = Segment::kRun;
    r.segment->run_pages[r.page] = uint8_t(n);
    for (unsigned i = 1; i < n; i++) r.segment->use[r.page + i] = Segment::kContinued;
    runs_.push_back(r);
    charge(n * kPage);
    return reinterpret_cast<Object*>(r.segment->page(r.page));
}

// Medium objects are runs of pages; above kMediumLimit an object has a segment of its own, and starts at its second page.
Object* Heap::allocate_large(size_t bytes) {
    if (limit_ && used() + bytes > limit_) return nullptr;
    if (bytes <= kMediumLimit) return allocate_medium(bytes);
    if (bytes > size_t{1} << 46) return nullptr;
    Segment* s = new_segment(bytes + kPage);
    if (!s) return nullptr;
    large_.push_back(s);
    charge(bytes);
    s->base()[kFirstMark] = 0;
    s->use[1] = Segment::kLarge;
    return s->large();
}

// `all`: cells of every page may have died, not of the young ones only.
void Heap::rewind_allocation(bool all) {
    for (size_t c = 0; c < kClasses; c++) {
        bumps_[c] = {};
        if (all) classes_[c].full = 0;
        classes_[c].next = classes_[c].full;
        classes_[c].current = {};
    }
    allocated_ = 0;
}

// ---- marking

void Heap::remember(Object* holder) {
    holder->flags |= kRemembered;
    remembered_.push_back(holder);
}

void Heap::remember(Object* holder, const Value* first, size_t count) {
    Segment* s = Segment::of(holder);
    if (s->use[1] == Segment::kLarge && !s->cards) {
        s->cards = static_cast<uint8_t*>(std::calloc(s->card_count(), 1));
        if (s->cards) external_ += s->card_count();
    }
    if (s->use[1] != Segment::kLarge || !s->cards) return remember(holder);
    if (!count) return;
    auto card = [&](const Value* slot) {
        return size_t(reinterpret_cast<const uint8_t*>(slot) - s->page(1)) / kCard;
    };
    std::memset(s->cards + card(first), 1, card(first + count - 1) - card(first) + 1);
    if (s->carded) return;
    s->carded = true;
    carded_.push_back(s);
}

void Heap::moved(Object* holder) {
    Segment* s = Segment::of(holder);
    if (s->use[1] == Segment::kLarge && s->carded) std::memset(s->cards, 1, s->card_count());
}

// Traces what lies on dirty cards, which are clean then.
void Heap::trace_cards(Segment* s) {
    Marker marker(*this);
    s->carded = false;
    uint8_t *at = s->cards, *end = at + s->card_count();
    while ((at = static_cast<uint8_t*>(std::memchr(at, 1, size_t(end - at))))) {
        uint8_t* first = at;
        while (at < end && *at) *at++ = 0;
        const uint8_t* memory = s->page(1);
        trace_part(marker, s->large(), memory + size_t(first - s->cards) * kCard,
                   memory + size_t(at - s->cards) * kCard);
        if (at == end) break;
    }
}

// Traces what has been written to since it was marked. Objects that are pushed meanwhile belong to the next set.
void Heap::trace_changed() {
    std::vector<Object*> changed;
    std::vector<Segment*> carded;
    changed.swap(remembered_);
    carded.swap(carded_);
    for (Object* o : changed) {
        o->flags &= ~kRemembered;
        trace(o);
    }
    for (Segment* s : carded) trace_cards(s);
}

void Heap::trace(Object* o) {
    Marker marker(*this);
    if (Tracer t = tracers_[int(o->kind)]) t(*this, marker, o);
}

namespace {
size_t rough_size(const Object* o) {
    switch (o->kind) {
        case Kind::Array:
            return 16 + 8 * static_cast<const Array*>(o)->capacity;
        case Kind::DictTable:
            return 32 + 26 * size_t(static_cast<const DictTable*>(o)->capacity);
        case Kind::Blob:
            return 16 + static_cast<const Blob*>(o)->size;
        case Kind::Int:
            return sizeof(Int) + 8 * size_t(std::abs(static_cast<const Int*>(o)->size));
        case Kind::Str:
            return sizeof(Str) + (o->aux & Str::kShared ? sizeof(Blob*) : static_cast<const Str*>(o)->size);
        case Kind::Bytes:
            return sizeof(Bytes) + static_cast<const Bytes*>(o)->size;
        case Kind::Tuple:
            return sizeof(Tuple) + 8 * static_cast<const Tuple*>(o)->size;
        default:
            return 48;
    }
}
}  // namespace

// Traces until about `bytes` have been visited; true when nothing is left.
bool Heap::mark_slice(size_t bytes) {
    size_t done = 0;
    while (!stack_.empty()) {
        Object* o = stack_.back();
        stack_.pop_back();
        size_t size = rough_size(o);
        live_ += size;
        done += size;
        trace(o);
        if (done >= bytes) return stack_.empty();
    }
    return true;
}

void Heap::drain() { mark_slice(SIZE_MAX); }

// ---- collections

void Heap::minor() {
    Marker marker(*this);
    roots(marker, false);
    trace_changed();
    drain();
    after_mark(marker, false);
    drain();
    free_dead(old_runs_, old_large_);
    rewind_allocation(false);
    statistics_.minor++;
}

void Heap::start_major() {
    previous_epoch_ = epoch_;
    epoch_++;
    major_running_ = true;
    live_ = 0;
    for (Object* o : remembered_) o->flags &= ~kRemembered;
    remembered_.clear();
    for (Segment* s : carded_) {
        std::memset(s->cards, 0, s->card_count());
        s->carded = false;
    }
    carded_.clear();
    Marker marker(*this);
    roots(marker, true);
    // Cells that are neither marked with this epoch nor the last are free; what bump runs hold is so already.
    rewind_allocation(false);
}

void Heap::finish_major() {
    Marker marker(*this);
    roots(marker, true);
    trace_changed();
    drain();
    after_mark(marker, true);
    drain();
    major_running_ = false;
    free_dead(0, 0);
    take_census();
    if (epoch_ >= 250) {
        auto normalise = [&](uint8_t* m, size_t n) {
            for (size_t i = 0; i < n; i++) m[i] = m[i] == epoch_ ? 1 : 0;
        };
        for (Segment* s : segments_) normalise(s->base() + kFirstMark, kPage - kFirstMark);
        for (Segment* s : large_) normalise(s->base() + kFirstMark, 1);
        epoch_ = 1;
    }
    rewind_allocation(true);
    live_after_major_ = live_;
    statistics_.major++;
}

void Heap::free_dead(size_t first_run, size_t first_large) {
#ifdef GEN_STRESS
    for (size_t c = 1; c < kClasses; c++) {
        const SizeClass& sc = classes_[c];
        const bool all = !first_run && !first_large;
        const size_t size = class_bytes(c), end = all ? sc.pages.size() : sc.next;
        for (size_t n = all ? 0 : sc.full; n < end; n++) {
            PageRef p = sc.pages[n];
            for (size_t i = 0; i < kPage / size; i++)
                if (dead(p.segment->marks(p.page)[i * (size / kGranule)]))
                    poison(p.segment->page(p.page) + i * size, size);
        }
    }
#endif
    auto run = std::remove_if(runs_.begin() + ptrdiff_t(first_run), runs_.end(), [&](PageRef r) {
        if (*r.segment->marks(r.page) == epoch_) return false;
        free_pages(r, r.segment->run_pages[r.page]);
        return true;
    });
    runs_.erase(run, runs_.end());
    auto large = std::remove_if(large_.begin() + ptrdiff_t(first_large), large_.end(), [&](Segment* s) {
        if (s->base()[kFirstMark] == epoch_) return false;
        free_segment(s);
        return true;
    });
    large_.erase(large, large_.end());
    old_runs_ = runs_.size();
    old_large_ = large_.size();
    std::fill(std::begin(first_free_), std::end(first_free_), 0);
}

// Pages in which nothing is marked become free ones, and of segments without anything but a few go back to the host. So do whole
// blocks; the memory of single segments of a block only when much of the heap is free.
void Heap::take_census() {
    for (size_t c = 1; c < kClasses; c++) {
        std::erase_if(classes_[c].pages, [&](PageRef p) {
            const uint8_t* m = p.segment->marks(p.page);
            for (size_t i = 0; i < kPage / kGranule; i++)
                if (m[i] == epoch_) return false;
            free_pages(p, 1);
            return true;
        });
    }
    const bool sparse = 2 * free_page_count_ > segments_.size() * (kPagesPerSegment - 1);
    for (Segment* s : segments_)
        if (s->block == s) s->unused = 0;
    for (Segment* s : segments_)
        if (s->block && s->free == 0xfffe) s->block->unused++;
    size_t keep = kReserve, keep_blocks = 1;
    std::vector<Segment*> blocks;
    for (Segment* s : segments_) {
        if (s->block != s || s->unused != kBlockSegments) continue;
        if (keep_blocks) {
            keep_blocks--;
            s->unused = 0;
        } else {
            blocks.push_back(s);
        }
    }
    std::erase_if(segments_, [&](Segment* s) {
        if (s->free != 0xfffe) return false;
        if (s->block) {
            if (s->block->unused == kBlockSegments) {
                free_page_count_ -= kPagesPerSegment - 1;
                segment_bytes_ -= kSegment;
                return true;
            }
            // What has been used between two collections will be again, and new memory is cleared first by the host.
            if (sparse && s->idle && !s->given_back) {
                give_back(s->page(1), kSegment - kPage);
                s->given_back = true;
            }
            s->idle = true;
            return false;
        }
        if (keep) {
            keep--;
            return false;
        }
        free_page_count_ -= kPagesPerSegment - 1;
        free_segment(s);
        return true;
    });
    for (Segment* s : blocks) unmap_block(s);
    std::fill(std::begin(first_free_), std::end(first_free_), 0);
}

void Heap::collect(Extent extent) {
    uint64_t start = now();
    if (extent == Extent::Minor && !major_running_) {
        minor();
    } else if (extent == Extent::Major) {
        if (!major_running_) start_major();
        finish_major();
    } else if (major_running_) {
        if (mark_slice(std::max(kMarkSlice, 2 * allocated_)))
            finish_major();
        else
            allocated_ = 0;
    } else if (live_ > 2 * live_after_major_ + kMajorMinimum ||
               (limit_ && used() + 2 * kMinorBudget > limit_)) {
        minor();
        start_major();
        if (limit_ && used() + 2 * kMinorBudget > limit_) finish_major();
    } else {
        minor();
    }
    if (exhausted_ && reserve(kSegment)) exhausted_ = false;
    uint64_t pause = now() - start;
    statistics_.nanoseconds += pause;
    statistics_.longest_pause = std::max(statistics_.longest_pause, pause);
}

void Heap::each_old(const std::function<void(Object*)>& f) {
    for (Segment* s : segments_) {
        for (unsigned p = 1; p < kPagesPerSegment; p++) {
            if (s->use[p] == Segment::kRun && *s->marks(p) == epoch_)
                f(reinterpret_cast<Object*>(s->page(p)));
            if (s->use[p] == Segment::kFree || s->use[p] >= Segment::kContinued) continue;
            size_t size = class_bytes(s->use[p]);
            for (size_t i = 0; i < kPage / size; i++)
                if (s->marks(p)[i * (size / kGranule)] == epoch_)
                    f(reinterpret_cast<Object*>(s->page(p) + i * size));
        }
    }
    for (Segment* s : large_)
        if (s->base()[kFirstMark] == epoch_) f(s->large());
}

}  // namespace gen
