// Contexts (PEP 567): what context variables are bound to, per thread and per task.
//
// A Context owns its table or shares it with snapshots; who shares a table copies it before a change, so that taking a snapshot
// costs nothing. A snapshot is a table that nobody changes any more (a Dict), or None for an empty one: new tasks and handles
// hold one until somebody asks them for a Context. Fiber::context is either of both.
#pragma once
#include "vm/exec/vm.h"

namespace gen {

struct Context : Object {
    Value table;  // Dict or None
    Value rest[5];
    enum State : uint8_t { kEntered = 1 };
    enum Aux : uint8_t { kShared = 1 };  // the table belongs to snapshots, too
};
static_assert(sizeof(Context) == sizeof(Record));

inline bool is_context(Value v) { return v.is_object() && v.as_object()->shape == kShapeContext; }

Value context_snapshot(VM&);               // of the running fiber's context
Context* context_of(VM&, Value snapshot);  // a new Context that starts with it
Context* current_context(VM&);             // made now, if the fiber has none of its own yet

// Makes `context`, a Context or a snapshot, the running fiber's. False: it is entered already (raised; awaited or returned by the caller).
bool enter_context(VM&, Value context);
// Goes back to the one before; answers the one that was left, for who holds a snapshot: a Context if one was made meanwhile.
Value leave_context(VM&, Value previous);
Outcome raise_entered(VM&, Value context);

}  // namespace gen
