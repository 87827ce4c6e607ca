#include "runtime/host/short_text.h"

#include "vm/exec/ops.h"

namespace gen {

namespace {

constexpr int kDepth = 3;  // of containers

class Writer {
  public:
    Writer(VM& vm, size_t most) : vm_(vm), most_(most) {}

    void value(Value v, int depth);
    std::string finish() {
        if (count_code_points(text_) <= most_) return std::move(text_);
        const char* p = text_.data();
        for (size_t n = 1; n < most_; n++) decode_utf8(p);
        text_.resize(size_t(p - text_.data()));
        return std::move(text_) + "…";
    }

  private:
    bool full() const { return text_.size() > most_ * 4; }
    void plain(Value v) {
        Value text = fast_repr(vm_, v);
        if (is_str(text))
            text_ += text.as<Str>()->view();
        else
            kind_of(v);
    }
    void kind_of(Value v) { text_ += "<" + std::string(vm_.class_name(vm_.class_of(v))) + ">"; }
    void items(const char* open, const Value* v, size_t n, const char* close, int depth) {
        text_ += open;
        for (size_t i = 0; i < n && !full(); i++) {
            if (i) text_ += ", ";
            value(v[i], depth - 1);
        }
        text_ += close;
    }
    void table(const DictTable* t, bool is_dict, int depth) {
        text_ += '{';
        bool first = true;
        for (uint32_t i = 0; i < t->used && !full(); i++) {
            const DictEntry& e = t->entries[i];
            if (e.key.is_unbound()) continue;
            if (!first) text_ += ", ";
            first = false;
            value(e.key, depth - 1);
            if (!is_dict) continue;
            text_ += ": ";
            value(e.value, depth - 1);
        }
        text_ += '}';
    }

    VM& vm_;
    size_t most_;
    std::string text_;
};

void Writer::value(Value v, int depth) {
    if (!v.is_object() || is_float(v)) return plain(v);
    switch (v.as_object()->kind) {
        case Kind::Int:
            if (int_text_size(v, 10) > 2 * most_) return kind_of(v);
            return plain(v);
        case Kind::Str: {
            auto* s = v.as<Str>();
            if (s->length <= most_) return plain(v);
            return plain(Value::object(substr(vm_.heap, s, 0, uint32_t(most_))));
        }
        case Kind::Bytes:
            if (v.as<Bytes>()->size > most_) return kind_of(v);
            return plain(v);
        case Kind::List:
        case Kind::Tuple:
        case Kind::Dict:
        case Kind::Set:
            if (vm_.class_of(v)->class_flags & Class::kHeapType || depth == 0) return kind_of(v);
            if (is_list(v)) return items("[", v.as<List>()->items->items, v.as<List>()->size, "]", depth);
            if (is_tuple(v))
                return items("(", v.as<Tuple>()->items, v.as<Tuple>()->size,
                             v.as<Tuple>()->size == 1 ? ",)" : ")", depth);
            if (is_dict(v)) return table(v.as<Dict>()->table, true, depth);
            if (!v.as<Set>()->table->live) return kind_of(v);
            return table(v.as<Set>()->table, false, depth);
        case Kind::Class:
            text_ += vm_.class_name(v.as<Class>());
            return;
        case Kind::Function:
            text_ += short_name(v.as<Function>()->qualname);
            return;
        case Kind::Generator:
            text_ += short_name(v.as<Frame>()->fn()->qualname);
            return;
        case Kind::Exception: {
            text_ += vm_.class_name(vm_.class_of(v));
            Value args = v.as<Exception>()->args;
            if (!is_tuple(args) || depth == 0) return;
            auto* t = args.as<Tuple>();
            return items("(", t->items, t->size, ")", depth);
        }
        default:
            return kind_of(v);
    }
}

}  // namespace

std::string short_text(VM& vm, Value v, size_t most) {
    Writer writer(vm, most);
    writer.value(v, kDepth);
    return writer.finish();
}

std::string short_name(Value qualname) {
    if (!is_str(qualname)) return "?";
    std::string_view name = qualname.as<Str>()->view();
    constexpr std::string_view kLocals = "<locals>.";
    size_t at = name.rfind(kLocals);
    return std::string(at == std::string_view::npos ? name : name.substr(at + kLocals.size()));
}

}  // namespace gen
