// The collected heap: precise, non-moving mark-sweep with sticky marks for generations.
//
// Small objects live in 4 KB pages by size class, medium ones in runs of pages, pages in 64 KB segments whose first page
// holds one mark byte for every 16 bytes; large objects have a segment of their own. An object is old when its mark is the
// current epoch. Allocation bumps through the runs of unmarked cells that a page has, so sweeping never touches a dead
// object. A minor collection marks from the roots and the remembered set, not through old objects; a major one starts
// a new epoch, and its marking is done in increments.
//
// Collections happen only when the owner (the VM) calls collect() at a safepoint; allocation never collects. When the
// budget for allocation is spent, `wants_collection()` says so.
//
// Errors: small allocations (up to kSmallLimit) always succeed, from an emergency reserve at worst, which makes
// `exhausted()` true, for which the VM raises MemoryError at the next safepoint. Larger ones answer null when the
// limit would be passed; ask reserve() first where a collection might help.
#pragma once
#include "vm/data/object.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace gen {

class Heap;

// Pushes objects that are reached. Tracers call it for every reference of the object they trace.
class Marker {
  public:
    inline void mark(Value v);
    inline void mark(const Object* o);  // null is fine
    void mark(const Value* values, size_t n) {
        for (size_t i = 0; i < n; i++) mark(values[i]);
    }

  private:
    friend class Heap;
    explicit Marker(Heap& heap) : heap_(heap) {}
    Heap& heap_;
};

class Heap {
  public:
    static constexpr size_t kGranule = 16;
    static constexpr size_t kPage = 4096;
    static constexpr size_t kSegment = 65536;
    static constexpr size_t kSmallLimit = 1024;  // larger ones are checked against the limit
    static constexpr size_t kMediumLimit = kSegment - kPage;
    static constexpr size_t kMinorBudget = 2 << 20;  // bytes allocated between minor collections

    using Tracer = void (*)(Heap&, Marker&, Object*);

    Heap();
    ~Heap();
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;

    // ---- allocation. The memory is not cleared beyond the header; the caller fills it before the next safepoint.
    // Sizes above kSmallLimit may give null.
    template <class T>
    T* make(Kind kind, uint32_t shape, size_t bytes = sizeof(T)) {
        Object* o = allocate(bytes);
        if (!o) [[unlikely]]
            return nullptr;
        o->shape = shape;
        o->kind = kind;
        o->aux = o->state = o->flags = 0;
        return static_cast<T*>(o);
    }
    Object* allocate(size_t bytes) {
        if (bytes <= kSmallLimit) [[likely]] {
            size_t c = size_class(bytes);
            if (Object* o = take(c, class_bytes(c))) [[likely]]
                return o;
            return allocate_slow(c);
        }
        return allocate_large(bytes);
    }
    // The two inline steps of an allocation, for the interpreter: null means take the slow path.
    static size_t size_class(size_t bytes) {
        return bytes <= 512 ? (bytes + 15) / 16 : 32 + (bytes - 512 + 127) / 128;
    }
    static constexpr size_t class_bytes(size_t c) { return c <= 32 ? c * 16 : 512 + (c - 32) * 128; }
    // bytes: class_bytes(c). Class 0 has nothing to take.
    Object* take(size_t c, size_t bytes) {
        Bump& bump = bumps_[c];
        if (FreeCell* f = bump.free) {
            bump.free = f->next;
            return reinterpret_cast<Object*>(f);
        }
        char* p = bump.at;
        char* next = p + bytes;
        if (next > bump.end) return nullptr;
        bump.at = next;
        return reinterpret_cast<Object*>(p);
    }
    // Gives a cell back at once, when the caller knows that nothing refers to it (owned generators).
    void release(Object* o, size_t c) {  // c: its size class
        if (o->flags & (kRemembered | kFinalizer | kWeaklyReferenced))
            return;                           // somebody will still look at it
        const bool swept = dead(mark_of(o));  // else it is old, and allocation will come by where it lies
        mark_of(o) = 0;
        o->kind = Kind::Free;
        if (!swept) return;
        auto* cell = reinterpret_cast<FreeCell*>(o);
        Bump& bump = bumps_[c];
        cell->next = bump.free;
        bump.free = cell;
    }

    // ---- accounting, in bytes
    void set_limit(size_t bytes) { limit_ = bytes; }  // 0: none
    size_t limit() const { return limit_; }
    size_t used() const;  // segments and large objects, frames not included
    bool reserve(size_t bytes) const { return !limit_ || bytes + used() <= limit_; }
    bool exhausted() const { return exhausted_; }
    void clear_exhausted() { exhausted_ = false; }
    void note_external(ptrdiff_t bytes) { external_ += bytes; }  // memory of the host that scripts drive
    uint64_t next_version() { return ++version_; }               // stamps of dicts and sets, unique in the VM

    // ---- barriers
    // After a store of a reference into `holder`, which may be old.
    void write(Object* holder) {
        if (mark_of(holder) == epoch_ && !(holder->flags & kRemembered)) [[unlikely]]
            remember(holder);
    }
    void remember(Object* holder);
    // The same, after storing into `count` neighbouring slots of an Array or a DictTable: of a large one, only what is near them
    // will be looked at.
    void write(Object* holder, const Value* first, size_t count = 1) {
        if (mark_of(holder) == epoch_ && !(holder->flags & kRemembered)) [[unlikely]]
            remember(holder, first, count);
    }
    void remember(Object* holder, const Value* first, size_t count);
    // Values have been moved from slot to slot within an Array.
    static void moved(Object* holder);

    // ---- collection; only at safepoints
    bool wants_collection() const { return allocated_ >= budget_; }
    // `*budget` is set to 0 when a collection becomes due; `*slice`, if given, keeps its distance from it: see VM::steps_now().
    void set_alarm(int64_t* budget, int64_t* slice = nullptr) {
        alarm_ = budget;
        slice_ = slice;
    }
    enum class Extent { Minor, Major, Auto };
    // Auto: a minor collection, or a slice of a major one when that is due.
    void collect(Extent extent = Extent::Auto);
    // Marks everything that the owner of the heap holds. `major` tells whether old frames must be scanned too.
    std::function<void(Marker&, bool major)> roots;
    // Called when marking is complete and before anything is reused: weak references, finalisers, intern table.
    // May mark more; is_marked() answers.
    std::function<void(Marker&, bool major)> after_mark;
    bool is_marked(const Object* o) const { return mark_of(o) == epoch_; }
    void drain();  // trace what after_mark has marked
    void set_tracer(Kind kind, Tracer tracer) { tracers_[int(kind)] = tracer; }
    Tracer tracer(Kind kind) const { return tracers_[int(kind)]; }
    void* owner = nullptr;  // for tracers
    bool collecting_major() const { return major_running_; }

    // Calls f for every live object that has been marked at least once (after a full collection: for every live object).
    void each_old(const std::function<void(Object*)>& f);

    struct Statistics {
        uint64_t minor = 0, major = 0, nanoseconds = 0, longest_pause = 0;
    };
    const Statistics& statistics() const { return statistics_; }

    static uint8_t& mark_of(const Object* o) {
        auto address = reinterpret_cast<uintptr_t>(o);
        auto* segment = reinterpret_cast<uint8_t*>(address & ~uintptr_t(kSegment - 1));
        return segment[(address & (kSegment - 1)) / kGranule];
    }

  private:
    friend class Marker;
    struct FreeCell {
        uint64_t header;
        FreeCell* next;
    };
    struct Bump {
        char* at = nullptr;
        char* end = nullptr;
        FreeCell* free = nullptr;
    };
    struct Segment;
    struct PageRef {
        Segment* segment = nullptr;
        unsigned page = 0;
    };
    static constexpr unsigned kSegmentPages = kSegment / kPage;
    // The pages before `full` have no dead cell, and get none before the next major collection; those before `next` have been
    // used since the last collection.
    struct SizeClass {
        std::vector<PageRef> pages;
        size_t full = 0, next = 0;
        PageRef current;
        char* scan = nullptr;
    };
    static constexpr size_t kClasses = 37;  // classes 1 .. 36

    Object* allocate_slow(size_t c);
    Object* allocate_large(size_t bytes);
    Object* allocate_medium(size_t bytes);
    PageRef take_pages(unsigned n);
    void free_pages(PageRef first, unsigned n);
    bool next_run(size_t c);
    bool dead(uint8_t mark) const {
        if (mark == epoch_) return false;
        if (major_running_) [[unlikely]]
            return mark != previous_epoch_;
        return true;
    }
    Segment* new_segment(size_t bytes);
    void free_segment(Segment* segment);
    void trace(Object* o);
    void trace_changed();
    void trace_cards(Segment* s);
    bool mark_slice(size_t bytes);
    void start_major();
    void finish_major();
    void minor();
    void rewind_allocation(bool all);
    void free_dead(size_t first_run, size_t first_large);
    void take_census();

    Bump bumps_[kClasses];
    SizeClass classes_[kClasses];
    std::vector<Segment*> segments_;         // with pages
    size_t first_free_[kSegmentPages] = {};  // no segment before this one has a run of n free pages
    size_t free_page_count_ = 0;
    std::vector<PageRef> runs_;    // medium objects; those behind old_runs_ are new since the last collection
    std::vector<Segment*> large_;  // likewise
    size_t old_runs_ = 0, old_large_ = 0;
    std::vector<Object*> stack_;
    std::vector<Object*> remembered_;
    std::vector<Segment*> carded_;  // of large objects: some cards are dirty
    Tracer tracers_[int(Kind::kCount)] = {};
    uint8_t epoch_ = 1, previous_epoch_ = 0;
    bool major_running_ = false;
    bool exhausted_ = false;
    size_t allocated_ = 0, budget_ = kMinorBudget;
    int64_t *alarm_ = nullptr, *slice_ = nullptr;
    void charge(size_t bytes) {
        allocated_ += bytes;
        if (allocated_ < budget_ || !alarm_) return;
        if (slice_) *slice_ -= *alarm_;
        *alarm_ = 0;
    }
    size_t limit_ = 0;
    uint64_t version_ = 0;
    size_t segment_bytes_ = 0, external_ = 0;
    size_t live_ = 0, live_after_major_ = 0;
    Statistics statistics_;
};

inline void Marker::mark(const Object* o) {
    if (!o) return;
    uint8_t& m = Heap::mark_of(o);
    if (m == heap_.epoch_) return;
    m = heap_.epoch_;
    heap_.stack_.push_back(const_cast<Object*>(o));
}
inline void Marker::mark(Value v) {
    if (v.is_object()) mark(v.as_object());
}

}  // namespace gen
