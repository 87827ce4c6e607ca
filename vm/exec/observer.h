// Whoever watches generators: what goes into them and out of them, for the drawing of `gen
// --timeline=generators`.
//
// Only code that was compiled with CompileOptions::observe_generators tells anything, by its OBSERVE
// instructions and on the cold paths of exceptions and of foreign iterators; other code pays nothing.
#pragma once
#include "vm/exec/frame.h"

namespace gen {

class VM;

class GeneratorObserver {
  public:
    virtual ~GeneratorObserver() = default;
    // `g` is the generator, `value` what is sent, yielded, thrown ... ; `peer` the frame that gets what comes
    // out of g, or that sent what goes in (a frame of the chain that runs; null: none). The observer runs no
    // script code, raises nothing, and keeps no pointer to follow later: afterwards g may move on, end, and
    // its memory serve another.
    virtual void observe(VM&, const Frame* g, Observed what, Value value, const Frame* peer) = 0;
};

// Tells the observer, if there is one, and if the code of `g` is meant to be observed.
void observe(VM&, const Frame* g, Observed what, Value value);

}  // namespace gen
