// Everything a technician ticks off; every closeout template asks for these keys.

export const fullChecklist = {
  work_performed: true,
  parts_used_or_needed: true,
  resolution_status: true,
  onsite_photos_after: true,
  billing_authorization: true,
} as const;
