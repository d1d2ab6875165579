export const violations = () => [];
