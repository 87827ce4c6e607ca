// Frames. Every activation of a function is one allocation: a Frame on the frame pages for a plain call, a Generator
// (the same layout, on the heap) for a generator, a NativeFrame for a step native.
//
// A frame that waits for a callee has pc at its landing (see opcodes.def); a suspended generator has pc at its YIELD; a
// generator that has not started has pc one word before its first instruction.
//
// Delegation costs O(1) at any depth: in a delegating root `link` is the leaf, in a leaf it is the root, else it
// points to the frame itself. `parent` is the resumer for a root (valid only while it runs, never traced otherwise), the delegator
// for a delegate. A yield goes to link->parent, a return to parent.
#pragma once
#include "vm/code/code.h"

namespace gen {

enum FrameState : uint8_t {  // Object::state
    kCreated = 0,            // a generator that has not started
    kSuspended = 1,
    kDelegating = 2,  // suspended in DELEGATE on another generator
    kRunning = 3,
    kDone = 4,
};
enum FrameAux : uint8_t {  // Object::aux
    kAwaitsNext = 1,       // native frame: StopIteration of the callee means exhausted, as its stop() does
    kAwaitsCatching = 2,   // native frame: any exception of the callee comes back to it
    kBaseFrame = 4,        // the first frame of a fiber or of a nested run
    kAwaiting = 8,         // native frame: what it returned is awaited (else it is a tail call)
    kConstructs =
        32,  // plain frame of an __init__: its caller gets the instance, in `link`, for the None it returns
    kOperates =
        64,  // plain frame of an operator's method: NotImplemented means that the other operand is asked
    kMadeGenerators = 128,  // plain frame: it has made generators that are not owned, see let_go()
    kAwaitsStop = 16,       // native frame: stop() of the callee means absent; a StopIteration passes through
    kAwaitsReturn =
        32,  // native frame: what the generator returns goes to vm.returned, without a StopIteration
};

struct Frame : Object {
    Frame* parent;
    const Instruction* pc;
    Object* function;  // Function, or Native for a NativeFrame
    Frame* link;
    Value registers[];

    Function* fn() const { return static_cast<Function*>(function); }
    Code* code() const { return fn()->code; }
    bool is_native() const { return kind == Kind::NativeFrame; }
    bool is_generator() const { return kind == Kind::Generator; }
    uint32_t pc_offset() const { return uint32_t(pc - code()->entry()); }
};
using Generator = Frame;  // kind Generator; its class tells generator, coroutine and async generator apart

constexpr size_t frame_bytes(size_t registers) {
    return (sizeof(Frame) + registers * sizeof(Value) + 15) & ~size_t{15};
}

}  // namespace gen
