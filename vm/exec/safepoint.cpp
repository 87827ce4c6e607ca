// What happens between instructions: collection, limits, interrupts, and the choice of the fiber that runs.
#include "vm/code/encoding.h"
#include "vm/exec/stop.h"

#include <algorithm>

namespace gen {

namespace {

// Calls and backward jumps between two looks around: well below 0.1 ms. A prime, so that all safepoints of a loop come by.
constexpr int64_t kSlice = 9973;

// The part of a frame that the collector follows.
void scan(Marker& m, const Frame* f) {
    m.mark(f->function);
    if (f->kind == Kind::Frame && f->aux & kConstructs) m.mark(static_cast<Object*>(f->link));
    size_t n = f->is_native()
                   ? size_t(1) + static_cast<const Native*>(f->function)->def->signature.parameters() +
                         static_cast<const Native*>(f->function)->def->locals
                   : f->code()->registers;
    m.mark(f->registers, n);
}

// A frame that waits for a call has handed its arguments over: the window and what is above it is dead.
void drop_window(Frame* f) {
    const Instruction* at = f->pc;
    if (at < f->code()->entry()) return;
    if (at->op() == Op::LANDING) at -= at->x();
    switch (original_of(at->op())) {
        case Op::CALL:
        case Op::CALL_KW:
        case Op::CALL_EX:
        case Op::CALL_METHOD:
        case Op::INVOKE:
            for (unsigned i = at->b(); i < f->code()->registers; i++) f->registers[i] = Value::unbound();
            break;
        default:
            break;
    }
}

// Scans a chain of frames. Those that have not run since the last collection refer to nothing new: the scan stops there,
// so that a deep stack costs what its top costs.
void scan_chain(VM& vm, Marker& m, Frame* f, bool all) {
    bool top = true, in_native = false;
    for (Frame* next; f; f = next) {
        next = f->parent;
        if (f->aux & kBaseFrame && f->is_native()) {
            m.mark(f->registers, 1);
            m.mark(f->function);
        } else {
            if ((f->flags & kClean) && !all) break;
            if (f->is_generator()) {
                m.mark(static_cast<Object*>(f));
                m.mark(f->link);
                // The delegators between a leaf and its root have not run, but who resumed the root may have.
                Frame* root = f->link;
                if (!all && root && root != f && root->link == f && root->state == kDelegating)
                    next = root->parent;
            }
            if (!top && !in_native && !f->is_native() && f->state == kRunning) drop_window(f);
            scan(m, f);
            if (!top) f->flags |= kClean;
        }
        if (top && f->is_generator()) vm.running_generators.push_back(f);
        top = false;
        in_native = f->is_native() &&
                    (f->aux & kBaseFrame);  // a native that runs a loop of its own still has its arguments
    }
}

// Does g run on, without being told, when the collection is over?
bool is_executing(const VM& vm, const Frame* g) {
    if (vm.frame == g) return true;
    for (const Fiber* f : vm.scheduler.fibers())
        if (f != vm.fiber && f->frame == g) return true;
    return false;
}

void trace_generator(Heap& heap, Marker& m, Object* o) {
    auto& vm = *static_cast<VM*>(heap.owner);
    auto* g = static_cast<Frame*>(o);
    m.mark(g->function);
    if (g->state == kDone) return;
    if (g->state != kRunning)
        std::fill(g->registers + live_registers(g), g->registers + g->code()->registers, Value::unbound());
    scan(m, g);
    if (g->link && g->link->is_generator()) m.mark(static_cast<Object*>(g->link));
    if (g->state != kRunning || !is_executing(vm, g))
        g->flags |= kClean;  // touch() is called when it goes on
    else
        vm.running_generators.push_back(g);
    // The delegator of a suspended delegate holds it, not the other way round; a running chain is scanned as a stack.
}

void trace_code(Heap&, Marker& m, Object* o) {
    auto* c = static_cast<Code*>(o);
    for (Object* part : {static_cast<Object*>(c->instructions), static_cast<Object*>(c->constants),
                         static_cast<Object*>(c->exceptions), static_cast<Object*>(c->positions),
                         static_cast<Object*>(c->caches), static_cast<Object*>(c->locals),
                         static_cast<Object*>(c->cell_names), static_cast<Object*>(c->free_names),
                         static_cast<Object*>(c->cell_parameters), static_cast<Object*>(c->image_strings)})
        m.mark(part);
    m.mark(&c->name, 4);
    if (!c->caches || !c->instructions) return;
    auto* offsets = reinterpret_cast<const uint32_t*>(c->caches->data);
    auto* words = reinterpret_cast<const uint64_t*>(c->instructions->data);
    for (size_t i = 0; i < c->caches->size / 4; i++) {
        Value cached = Value::from_bits(words[offsets[i] + 1]);
        switch (Op(uint8_t(words[offsets[i]]))) {
            case Op::GET_ATTR_CLASS:
            case Op::GET_ATTR_TYPE:
            case Op::LOAD_METHOD_HIT:
            case Op::INVOKE_HIT:
            case Op::INVOKE_SEND:
                m.mark(cached);
                break;
            default:
                break;
        }
    }
}

// Live fibers are traced by the scheduler; one that has ended holds nothing that matters.
void trace_fiber(Heap&, Marker&, Object*) {}

// Atomic code stands for what one native does elsewhere: it is not pre-empted, the script's functions that it calls are.
bool is_atomic(const Frame* fr) {
    while (fr && fr->is_native()) fr = fr->parent;
    return fr && fr->code()->code_flags & Code::kAtomic;
}

// A loop in a native, over a dict's values perhaps, is not disturbed by other fibers, as no bytecode runs there elsewhere: they
// take over when it is done. But a long one must not keep them waiting.
bool holds_on(VM& vm, Frame* fr) {
#ifdef GEN_STRESS
    constexpr unsigned kMostSlices = 4000;  // which are short
#else
    constexpr unsigned kMostSlices = 16;
#endif
    const bool loops = fr->is_native() || fr->code()->code_flags & Code::kNativeLoop;
    if (!loops || ++vm.held_slices > kMostSlices || (vm.turn && vm.turn->over)) {
        vm.held_slices = 0;
        return false;
    }
    if (!fr->is_native()) fr->aux |= kMadeGenerators;  // so that frame_returned() is asked
    return true;
}

}  // namespace

bool may_switch(const VM& vm, const Frame* fr) { return vm.nested == 1 && !is_atomic(fr); }

void install_exec_tracers(VM& vm) {
    vm.heap.set_tracer(Kind::Generator, trace_generator);
    vm.heap.set_tracer(Kind::Code, trace_code);
    vm.heap.set_tracer(Kind::Fiber, trace_fiber);
}

void VM::mark_roots(Marker& m, bool major) {
    for (Class* c : classes) m.mark(static_cast<Object*>(c));
    for (const Value* v :
         {&zero, &minus_zero, &exception, &caught, &returned, &asyncio, &handled, &accumulator, &run_result})
        m.mark(*v);
    m.mark(static_cast<Object*>(empty_tuple));
    m.mark(static_cast<Object*>(empty_array));
    m.mark(static_cast<Object*>(builtins));
    m.mark(static_cast<Object*>(modules));
    m.mark(static_cast<Object*>(prelude));
    m.mark(static_cast<Object*>(last_traceback));
    m.mark(static_cast<Object*>(fiber));
    m.mark(reinterpret_cast<const Value*>(&natives), sizeof natives / sizeof(Value));
    m.mark(consumers, std::size(consumers));
    for (size_t i = 0; i < sizeof names / sizeof(Str*); i++)
        m.mark(static_cast<Object*>(reinterpret_cast<Str**>(&names)[i]));
    m.mark(request.callee);
    m.mark(request.args, request.count);
    m.mark(request.tuple);
    m.mark(request.keywords);
    m.mark(roots.data(), roots.size());
    for (Object* o : dying) m.mark(o);
    for (auto& [generator, hook] : asyncgen_finalizers) m.mark(hook);
    for (auto& [coroutine, origin] : coroutine_origins) m.mark(origin);
    strings.mark(m);
    if (!major) strings.mark_young(m);
    shapes.trace(m);
    scheduler.trace(m);
    if (reactor) reactor->trace(m);
    if (trace_host) trace_host(*this, m);
    scan_chain(*this, m, frame, major);
    for (Fiber* f : scheduler.fibers())
        if (f != fiber && f->frame) scan_chain(*this, m, f->frame, major);
}

// Done; or a coroutine that has been awaited, and stands outside of try and with: it was registered when it was made.
static bool needs_no_finalizer(const Frame* g) {
    if (g->state == kDone) return true;
    if (g->shape != kShapeCoroutine || (g->state != kSuspended && g->state != kDelegating)) return false;
    const Instruction* yield = g->state == kSuspended ? g->pc : g->pc + 1;
    return !(yield->x() & kYieldNeedsFinalizer);
}

void VM::after_mark(Marker& m, bool major) {
    // Objects with finalisers that only the list knows: they live on until the finaliser has run.
    const bool whole = major || heap.collecting_major();
    size_t first = whole ? 0 : old_finalizable;
    // Of a list, what a minor collection can have killed: all behind `old`.
    auto drop_dead = [&](auto& list, size_t& old, auto is_dead) {
        list.erase(std::remove_if(list.begin() + ptrdiff_t(whole ? 0 : old), list.end(), is_dead),
                   list.end());
        old = list.size();
    };
    std::vector<Object*> found;
    size_t kept = first;
    for (size_t i = first; i < finalizable.size(); i++) {
        Object* o = finalizable[i];
        if (o->kind == Kind::Generator && needs_no_finalizer(static_cast<Frame*>(o)))
            o->flags &= uint8_t(~kFinalizer);
        else if (heap.is_marked(o))
            finalizable[kept++] = o;
        else
            found.push_back(o);
    }
    finalizable.resize(kept);
    auto no_longer_plain = [&](WeakRef* w) {
        if (!w->target.is_object()) return;
        auto known = plain_references.find(w->target.as_object());
        if (known != plain_references.end() && known->second == w) plain_references.erase(known);
    };
    drop_dead(weak_references, old_weak_references, [&](WeakRef* w) {
        if (!heap.is_marked(w)) {
            no_longer_plain(w);
            return true;
        }
        if (w->target.is_object() && !heap.is_marked(w->target.as_object())) {
            no_longer_plain(w);
            w->target = Value::none();
            if (w->callback.is_object()) dying.push_back(w);
        }
        return false;
    });
    for (Object* o : found) {
        o->flags &= ~kFinalizer;
        dying.push_back(o);
    }
    old_finalizable = finalizable.size();
    for (Object* o : dying) m.mark(o);
    heap.drain();
    if (hash_key.identities) identities.drop_dead(whole, [&](const Object* o) { return !heap.is_marked(o); });
    for (auto* known : {&asyncgen_finalizers, &coroutine_origins})
        std::erase_if(*known, [&](auto& entry) { return !heap.is_marked(entry.first); });
    if (major) strings.sweep([&](const Str* s) { return heap.is_marked(s); });
    drop_dead(codes, old_codes, [&](Code* c) { return !heap.is_marked(c); });
    if (major) clear_method_cache();
    if (major && shapes.sweep([&](const Class* c) { return heap.is_marked(c); })) flush_inline_caches(*this);
    if (!dying.empty()) safepoint_soon();
}

void collect_garbage(VM& vm, Frame* fr, Heap::Extent extent) {
    vm.frame = fr;
    vm.running_generators.clear();
    vm.heap.collect(extent);
    // A generator that runs goes on writing to its registers without asking the barrier.
    for (Frame* g : vm.running_generators) vm.heap.write(g);
}

namespace {

// Frames of generators stand on the heap, where only the length of the running chain tells an endless recursion from data. It is
// measured whenever memory has grown by a part of the limit.
bool stack_is_full(VM& vm, Frame* fr) {
    const size_t used = vm.heap.used() + vm.frames.used(), part = vm.limits.stack / 16;
    if (used <= vm.next_stack_check) {
        vm.next_stack_check = std::min(vm.next_stack_check, used + part);
        return false;
    }
    size_t bytes = 0;
    for (Frame* f = fr; f; f = f->parent) bytes += f->is_generator() ? f->code()->frame_bytes : f->shape;
    const bool full = bytes > vm.limits.stack;
    vm.next_stack_check = full ? 0 : used + part;
    if (full) vm.budget = vm.slice = 0;  // whoever catches it goes no deeper
    return full;
}

// Counting levels takes as long as there are many: it is done when, at the earliest, there can be too many.
bool too_deep(VM& vm, const Frame* fr) {
    if (vm.steps >= vm.next_depth_check) {
        int64_t depth = 0;
        for (const Frame* f = fr; f && depth <= vm.limits.depth; f = f->parent) depth++;
        if (depth > vm.limits.depth) {
            vm.budget = vm.slice = 0;  // whoever catches it goes no deeper
            return true;
        }
        vm.next_depth_check = vm.steps + uint64_t(vm.limits.depth - depth) + 1;
    }
    vm.budget = vm.slice = std::min(vm.budget, int64_t(vm.next_depth_check - vm.steps));
    return false;
}

// Why the script has to end now; null: it need not.
const char* termination_due(const VM& vm, uint32_t bits) {
    if (vm.termination) return vm.termination;
    if (vm.limits.steps && vm.steps >= vm.limits.steps) return "the step limit is reached";
    if (vm.limits.deadline && vm.clock && vm.clock->now() >= vm.limits.deadline)
        return "the deadline has passed";
    return bits & kInterruptTerminate ? "the host has interrupted the script" : nullptr;
}

// How many steps until the VM looks around again.
int64_t next_slice(const VM& vm) {
    uint64_t most = uint64_t(kSlice);
    auto until = [&](uint64_t end) { most = std::min(most, end > vm.steps ? end - vm.steps : 1); };
    if (vm.termination)
        until(vm.grace_end);
    else if (vm.limits.steps)
        until(vm.limits.steps);
    if (vm.turn && !vm.turn->over && vm.turn->end) until(vm.turn->end);
    return int64_t(most);
}

bool turn_is_over(const VM& vm) {
    const Turn* t = vm.turn;
    return t && !t->over && ((t->end && vm.steps >= t->end) || (t->is_over && t->is_over()));
}

}  // namespace

// Small objects are never refused: whoever takes no notice of a MemoryError goes beyond the limit, and so far.
static bool is_overdrawn(const Heap& heap) {
    constexpr size_t kOverdraft = 4 << 20;
    return heap.used() > heap.limit() + heap.limit() / 8 + kOverdraft;
}

void begin_termination(VM& vm, const char* why) {
    if (!vm.termination) vm.grace_end = vm.steps_now() + Limits::kGrace;
    vm.termination = why;
    vm.raise(kShapeTerminated, why);
}

Outcome stop_now(VM& vm) {
    const uint32_t bits = vm.interrupt.exchange(0);
    if (bits & kInterruptShow) vm.interrupt.fetch_or(kInterruptShow);
    vm.steps = vm.steps_now();
    vm.slice = vm.budget;
    if (const char* why = termination_due(vm, bits))
        begin_termination(vm, why);
    else
        raise_interrupt(vm, bits);
    if (vm.fiber != vm.main_fiber && vm.nested == 1) vm.scheduler.throw_into(vm.main_fiber, vm.exception);
    return Outcome::raised();
}

void begin_slice(VM& vm) {
    vm.steps = vm.steps_now();
    vm.budget = vm.slice = next_slice(vm);
}

Frame* finalize_now(VM& vm, Frame* fr) {
    begin_slice(vm);
    vm.start_finalizers();
    return vm.scheduler.has_ready() ? preempt(vm, fr) : fr;
}

Frame* safepoint(VM& vm, Frame* fr) {
    begin_slice(vm);
    const bool retrying = vm.retrying && fr->pc == vm.retry_pc;
    vm.retrying = false;
    vm.frame = fr;
#ifdef GEN_STRESS
    // A prime, so that loops of any length are met at each of their safepoints sooner or later. With much in use, less often.
    constexpr int64_t kStressSlice = 41;
    if (++vm.stress_rounds % 97 == 0)
        collect_garbage(vm, fr, Heap::Extent::Major);
    else
        collect_garbage(vm, fr, Heap::Extent::Minor);
    // Set last, since what is found to be finalised asks for another look at once.
    const auto megabytes = int64_t((vm.heap.used() + vm.frames.used()) >> 20);
    vm.budget = vm.slice = std::max(kStressSlice, megabytes * megabytes);
#else
    if (vm.heap.wants_collection()) collect_garbage(vm, fr, Heap::Extent::Auto);
#endif
    if (vm.heap.exhausted()) {
        collect_garbage(vm, fr, Heap::Extent::Major);
        if (vm.heap.exhausted()) {
            vm.heap.clear_exhausted();
            if (!is_overdrawn(vm.heap) || vm.termination) {
                vm.out_of_memory();
                return unwind(vm, fr);
            }
            // It has caught one MemoryError after the other, and gone on as before.
            begin_termination(vm, "the memory limit was exceeded again and again");
            if (vm.fiber != vm.main_fiber && vm.nested == 1)
                vm.scheduler.throw_into(vm.main_fiber, vm.exception);
            return unwind(vm, fr);
        }
    }
    if (vm.limits.stack && stack_is_full(vm, fr)) {
        recursion_error(vm, fr);
        return unwind(vm, fr);
    }
    const uint32_t bits = vm.interrupt.exchange(0);
    if (bits) {
        if (bits & kInterruptShow && vm.show_fibers) vm.show_fibers(vm);
        if (bits & (kInterruptKeyboard | kInterruptStop)) {
            raise_interrupt(vm, bits);
            if (vm.fiber == vm.main_fiber || vm.nested > 1) return unwind(vm, fr);
            vm.scheduler.throw_into(vm.main_fiber, vm.exception);
            vm.exception = Value::unbound();
        }
    }
    if (const char* why = termination_due(vm, bits)) {
        if (!vm.termination || vm.steps >= vm.grace_end) {
            begin_termination(vm, why);
            if (vm.fiber != vm.main_fiber && vm.nested == 1)
                vm.scheduler.throw_into(vm.main_fiber, vm.exception);
            return unwind(vm, fr);
        }
    }
    if (vm.limits.depth && too_deep(vm, fr)) {
        vm.raise(kShapeRecursionError, "maximum recursion depth exceeded");
        return unwind(vm, fr);
    }
    if (!vm.dying.empty() && !vm.finalizing) vm.start_finalizers();
    vm.scheduler.look_around(vm);
    if (turn_is_over(vm)) vm.scheduler.end_turn(vm, false);
    if (!vm.scheduler.has_ready() || !may_switch(vm, fr))
        vm.held_slices = 0;
    else if (!holds_on(vm, fr))
        return preempt(vm, fr);
    if (retrying) {  // the instruction comes now, and the next safepoint behind it
        vm.retrying = true;
        vm.retry_pc = nullptr;
        vm.budget = vm.slice = 1;
    }
    return fr;
}

}  // namespace gen
