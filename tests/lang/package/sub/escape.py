from ...outside import anything
