// Shapes (hidden classes): which class an object is of, and which attribute stands in which slot.
//
// Every class has a root shape; adding an attribute leads to a child shape. The number of a shape stands in the header
// of each instance, so one compare in an inline cache tells class and layout. Slots below `inline_slots` lie in the object, behind
// `extra`; the others in the Array at `extra`. An object with too many attributes, or one whose __dict__ was asked for, goes over to
// dictionary mode: `extra` is a Dict then, and the slots are unused.
#pragma once
#include "vm/data/heap.h"

#include <memory>
#include <vector>

namespace gen {

class VM;

struct Shape {
    static constexpr uint32_t kMaxSlots = 128;
    static constexpr size_t kMaxChildren = 256;
    static constexpr uint32_t kMaxFamily = 1024;  // shapes that derive from one root: they are not charged
    static constexpr int kAbsent = -1;

    Class* cls = nullptr;
    uint32_t number = 0;
    Shape* parent = nullptr;
    Str* name = nullptr;        // of the last slot
    uint32_t slots = 0;         // in use
    uint32_t inline_slots = 0;  // room in the object
    uint32_t family = 0;        // of a root: shapes that derive from it
    uint32_t offset = 0;  // of `extra` in bytes; 0: behind a part of variable size; kNoSlots: there is none
    bool dictionary = false;
    static constexpr uint32_t kNoSlots = ~uint32_t{0};

    int find(const Str* name) const;  // slot number, or kAbsent
    std::vector<std::pair<Str*, Shape*>> children;
    Shape* dictionary_shape = nullptr;  // of the same class

  private:
    friend class Shapes;
    mutable std::vector<std::pair<const Str*, int>> table_;  // made when there are many slots
};

class Shapes {
  public:
    Shapes() = default;
    Shapes(const Shapes&) = delete;
    Shapes& operator=(const Shapes&) = delete;

    Shape& operator[](uint32_t number) const { return *shapes_[number]; }
    // A root shape for instances of cls with room for `inline_slots`.
    Shape& make_root(Class* cls, uint32_t inline_slots, bool has_slots);
    Shape& builtin_root(Class* cls, uint32_t number, bool has_slots, uint32_t inline_slots);  // at start
    // The shape after adding `name`; null: has to go over to dictionary mode.
    Shape* child(Shape& from, Str* name);
    Shape& dictionary(Shape& of);
    size_t size() const { return shapes_.size(); }
    void trace(Marker&) const;  // names; classes are kept by their instances' owner
    // After a major marking: frees shapes whose class died. True if any was freed (inline caches must be flushed).
    template <class IsMarked>
    bool sweep(IsMarked is_marked) {
        bool any = false;
        for (uint32_t i = kBuiltinShapes; i < shapes_.size(); i++) {
            if (!shapes_[i] || is_marked(shapes_[i]->cls)) continue;
            shapes_[i].reset();
            free_.push_back(i);
            any = true;
        }
        return any;
    }

  private:
    Shape& add(Class* cls);
    std::vector<std::unique_ptr<Shape>> shapes_;
    std::vector<uint32_t> free_;
};

// The place of `extra`; slots follow it. Only for objects whose shape has slots.
Value* slots_of(const Shape&, Object* o);
// Size in bytes of the layout of `kind` before `extra`, `payload` being the part of variable size.
size_t layout_bytes(Kind kind, size_t payload);

// A new instance of cls: header and slots are set, `extra` and slots unbound, everything between cleared. `payload`: bytes of the part of
// variable size (characters of a Str with its NUL, 8 a Tuple item or Int limb). Null: out of memory.
Object* allocate_instance(VM&, Class* cls, size_t payload = 0);
// The same for a class of kind Instance. Small ones always succeed.
Object* make_instance(VM&, const Class* cls);

}  // namespace gen
