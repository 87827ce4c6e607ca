// What can be assigned to, deleted or looped over, and how to say that something cannot.

#include "parser/parser_impl.h"

namespace gen {

ExprNode* Parser::invalid_target(ExprNode* node, Target target) {
    switch (node->kind) {
        case NodeKind::List:
        case NodeKind::Tuple: {
            Seq<ExprNode*> elements = is<List>(node) ? as<List>(node)->elts : as<Tuple>(node)->elts;
            for (ExprNode* element : elements) {
                if (ExprNode* invalid = invalid_target(element, target)) return invalid;
            }
            return nullptr;
        }
        case NodeKind::Starred:
            return target == Target::Delete ? node : invalid_target(as<Starred>(node)->value, target);
        case NodeKind::Compare:
            if (target != Target::For) return node;
            // `for f() in x` has been read as a comparison.
            return as<Compare>(node)->ops[0] == CompareOperator::In
                       ? invalid_target(as<Compare>(node)->left, target)
                       : nullptr;
        case NodeKind::Name:
        case NodeKind::Attribute:
        case NodeKind::Subscript:
            return nullptr;
        default:
            return node;
    }
}

bool Parser::raise_invalid_target(ExprNode* node, Target target) {
    ExprNode* invalid = invalid_target(node, target);
    if (!invalid) return false;
    raise_described(target == Target::Delete ? "cannot delete " : "cannot assign to ", invalid);
    return true;
}

Parser::Failure Parser::raise_described(const char* before, const ExprNode* node, const char* after) {
    return raise_at(node, std::string(before) + describe(node) + after);
}

bool Parser::is_star_target(const ExprNode* node) {
    switch (node->kind) {
        case NodeKind::Name:
        case NodeKind::Attribute:
        case NodeKind::Subscript:
            return true;
        case NodeKind::Starred:
            return is_star_target(as<Starred>(node)->value) && !is<Starred>(as<Starred>(node)->value);
        case NodeKind::List:
        case NodeKind::Tuple: {
            Seq<ExprNode*> elements = is<List>(node) ? as<List>(node)->elts : as<Tuple>(node)->elts;
            return std::all_of(elements.begin(), elements.end(), is_star_target);
        }
        default:
            return false;
    }
}

bool Parser::is_single_target(const ExprNode* node) {
    return is<Name>(node) || is<Attribute>(node) || is<Subscript>(node);
}

bool Parser::is_delete_target(const ExprNode* node) {
    if (is<List>(node) || is<Tuple>(node)) {
        Seq<ExprNode*> elements = is<List>(node) ? as<List>(node)->elts : as<Tuple>(node)->elts;
        return std::all_of(elements.begin(), elements.end(), is_delete_target);
    }
    return is_single_target(node);
}

void Parser::set_context(ExprNode* node, ExprContext context) {
    switch (node->kind) {
        case NodeKind::Name:
            as<Name>(node)->ctx = context;
            break;
        case NodeKind::Attribute:
            as<Attribute>(node)->ctx = context;
            break;
        case NodeKind::Subscript:
            as<Subscript>(node)->ctx = context;
            break;
        case NodeKind::Starred:
            as<Starred>(node)->ctx = context;
            set_context(as<Starred>(node)->value, context);
            break;
        case NodeKind::List:
            as<List>(node)->ctx = context;
            for (ExprNode* element : as<List>(node)->elts) set_context(element, context);
            break;
        case NodeKind::Tuple:
            as<Tuple>(node)->ctx = context;
            for (ExprNode* element : as<Tuple>(node)->elts) set_context(element, context);
            break;
        default:
            break;
    }
}

const char* Parser::describe(const ExprNode* node) {
    switch (node->kind) {
        case NodeKind::Attribute:
            return "attribute";
        case NodeKind::Subscript:
            return "subscript";
        case NodeKind::Starred:
            return "starred";
        case NodeKind::Name:
            return "name";
        case NodeKind::List:
            return "list";
        case NodeKind::Tuple:
            return "tuple";
        case NodeKind::Lambda:
            return "lambda";
        case NodeKind::Call:
            return "function call";
        case NodeKind::BoolOp:
        case NodeKind::BinOp:
        case NodeKind::UnaryOp:
            return "expression";
        case NodeKind::GeneratorExp:
            return "generator expression";
        case NodeKind::Yield:
        case NodeKind::YieldFrom:
            return "yield expression";
        case NodeKind::Await:
            return "await expression";
        case NodeKind::ListComp:
            return "list comprehension";
        case NodeKind::SetComp:
            return "set comprehension";
        case NodeKind::DictComp:
            return "dict comprehension";
        case NodeKind::Dict:
            return "dict literal";
        case NodeKind::Set:
            return "set display";
        case NodeKind::JoinedStr:
        case NodeKind::FormattedValue:
            return "f-string expression";
        case NodeKind::Compare:
            return "comparison";
        case NodeKind::IfExp:
            return "conditional expression";
        case NodeKind::NamedExpr:
            return "named expression";
        case NodeKind::Constant:
            switch (as<Constant>(node)->value.kind) {
                case LiteralKind::None:
                    return "None";
                case LiteralKind::False:
                    return "False";
                case LiteralKind::True:
                    return "True";
                case LiteralKind::Ellipsis:
                    return "ellipsis";
                default:
                    return "literal";
            }
        default:
            return "expression";
    }
}

}  // namespace gen
