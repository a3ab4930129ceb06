'use strict';
(() => {
  const rows = [...document.querySelectorAll('#table tbody tr')];
  const texts = rows.map(row => row.textContent.toLowerCase());
  const search = document.getElementById('search');
  const chips = [...document.querySelectorAll('.chip')];
  const shown = document.getElementById('shown');

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(chips.filter(chip => chip.getAttribute('aria-pressed') === 'true').map(chip => chip.dataset.verdict));
    let count = 0;
    rows.forEach((row, index) => {
      row.hidden = !wanted.has(row.dataset.verdict) || !words.every(word => texts[index].includes(word));
      if (!row.hidden) count++;
    });
    shown.textContent = `${count} of ${rows.length} shown`;
  };

  search.addEventListener('input', apply);
  for (const chip of chips) chip.addEventListener('click', () => {
    const pressed = chip.getAttribute('aria-pressed') === 'true';
    // The first click means "only these"; one on the last that is left brings all back.
    if (chips.every(one => one.getAttribute('aria-pressed') === 'true')) chips.forEach(one => one.setAttribute('aria-pressed', String(one === chip)));
    else chip.setAttribute('aria-pressed', String(!pressed));
    if (chips.every(one => one.getAttribute('aria-pressed') === 'false')) chips.forEach(one => one.setAttribute('aria-pressed', 'true'));
    apply();
  });

  document.addEventListener('keydown', event => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape' && event.target === search) {
      search.value = '';
      apply();
    }
  });

  for (const button of document.querySelectorAll('.copy')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(button.previousElementSibling);
        button.textContent = 'Selected: press Ctrl-C';
      }
      setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    });
  }

  // On paper nothing can be unfolded.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('.card > details:not([open])')];
    folded.forEach(details => { details.open = true; });
  });
  addEventListener('afterprint', () => folded.forEach(details => { details.open = false; }));

  document.getElementById('controls').hidden = false;
})();
