// repr of nested built-in values, without recursion: an explicit stack, shared by the fast form (which runs
// to its end) and the step native (which waits for the __repr__ of the script in between).
//
// An object whose repr is being made carries a mark, so that it shows as [...] inside itself. The mark is a
// hint only: it may be left behind by a repr that was given up, and says nothing about other fibers. What
// counts is to be on the stack of this run, or of one that waits further out among the callers.
#pragma once
#include "vm/exec/text.h"

namespace gen {

constexpr uint8_t kReprActive = 0x80;  // Object::state of containers
constexpr uint8_t kStarredAlias = 4;   // Object::state of a GenericAlias: *tuple[int, str]

class ReprRun {
  public:
    static constexpr int kSlice = 20'000;  // items between pauses

    explicit ReprRun(VM& vm, List* stack = nullptr) : vm_(vm), out_(vm.heap), stack_(stack) {}

    // Paused: many items are done, time to look around; goes on with resume() as well.
    enum class Progress : uint8_t { Finished, Custom, Paused, Raised };
    // Writes v; Custom: `custom()` is to be written by its class, then go on with resume().
    Progress start(Value v) {
        Progress p = write(v);
        return p == Progress::Finished ? resume() : p;
    }
    Progress resume();
    Value custom() const { return custom_; }
    StringBuilder& out() { return out_; }
    List* stack() const { return stack_; }
    void give_up();  // takes the marks off
    static bool active(Frame* callers, Value v);

  private:
    enum class Leaf : uint8_t { Written, Container, Raised };
    Progress write(Value v);
    Progress write_by_layout(Value v);
    Leaf write_leaf(Value v);
    bool open(Value container);
    bool next(Value container, int64_t& position, Value& item);
    bool next_of_class(Class* cls, int64_t& position, Value& item);
    bool next_entry_of(const DictTable* table, int64_t& position, Value& item, bool values);
    void write_recursion(Value container);
    void separate(bool first) {
        if (!first) out_.append(", ");
    }

    VM& vm_;
    StringBuilder out_;
    List* stack_;  // container, position; innermost last. Null: no container yet
    Value custom_;
    int left_ = kSlice;
    friend Outcome repr_by_layout(VM&, Value);
};

// Its text, or Outcome::call() to the step native that goes on.
Outcome finish_repr(VM&, ReprRun&, ReprRun::Progress);
extern const NativeDef kReprGoOn;

}  // namespace gen
